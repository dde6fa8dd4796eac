package render

import "github.com/gitramp/gitramp/render/route"

// APIVersion and Kind are what every spec begins with.
const (
	APIVersion = "gitramp.dev/v1alpha1"
	Kind       = "Canary"

	maxWeightTotal = 1_000_000
)

// The tags of the types below are read by the strict decoder: `default`, `required`, `unless` (a field without which it is required), `min` and `max` (of numbers, inclusive), `enum` (comma-separated),
// `format` (a name in formats), `minItems` and `maxItems` (of lists). A default that is not a value is told in words at the end of a comment, after "Default: ".

// Canary is a spec file: what should run, and by which steps its traffic ramps up.
type Canary struct {
	// APIVersion is the version of the spec's format.
	APIVersion string `json:"apiVersion" required:"true" enum:"gitramp.dev/v1alpha1"`
	// Kind is always Canary.
	Kind string `json:"kind" required:"true" enum:"Canary"`
	// Metadata names the app.
	Metadata Metadata `json:"metadata" required:"true"`
	// Spec is what should run and how it ramps up.
	Spec CanarySpec `json:"spec" required:"true"`

	source source

	capacity int   // spec.replicas as it is written, 0 where it is not
	base     *base // the user's own manifests, once they are known
}

// Metadata names the app and its namespace.
type Metadata struct {
	// Name is the app's name: of its prod objects, its container, and (with the suffix -canary) its canary objects.
	Name string `json:"name" required:"true" format:"dns1035label"`
	// Namespace is set on every object, and is part of the default output path. Default: none is set.
	Namespace string `json:"namespace,omitempty" format:"dns1123label"`
	// Annotations are notes of other tools, and of gitramp import: nothing is rendered of them.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// CanarySpec is what should run and how it ramps up.
type CanarySpec struct {
	// Base is a kustomization of your own, relative to the spec's file and inside the repository, with the app's Deployment, Service and route: they take the place
	// of port, env, resources, service, and of where route says that requests come in. The objects are found by kind and reference, or named in
	// output.names.prod. Default: the objects are made from a template.
	Base string `json:"base,omitempty" format:"basePath"`
	// Image is what should run, in the container named after metadata.name. With a base it may be left out; else it is for the container that runs an image of the
	// same repository, or for the only one.
	Image string `json:"image,omitempty" format:"image"`
	// Images is the long form of image for a pod with several containers: container name to image. The container named after metadata.name serves the
	// port and gets env and resources; the others run beside it.
	Images Images `json:"images,omitempty"`
	// Stable is what prod runs where there is no tree yet. Against a tree it is ignored: what the tree holds is what prod runs.
	Stable *Stable `json:"stable,omitempty"`
	// Port is the port that the container listens on; there has to be one, but for a base.
	Port int `json:"port,omitempty" unless:"base" min:"1" max:"65535"`
	// Replicas is the number of prod's pods. The canary's follow from the weight, and prod's too with dynamicStableScale. With a base it is said there; only where an autoscaler owns it is it said here how
	// many pods take all requests: while there is a canary, prod has no fewer.
	Replicas int `json:"replicas,omitempty" default:"1" min:"1" max:"10000"`
	// MinPods is the least number of canary pods while it has a canary, and of prod's with dynamicStableScale, whatever the weight.
	MinPods int `json:"minPods,omitempty" default:"1" min:"1" max:"10000"`
	// CanaryScale is the number of canary pods until a step says otherwise, as in setCanaryScale: `weight: 100` is as many as prod has. Default: what the
	// traffic weight needs.
	CanaryScale *CanaryScale `json:"canaryScale,omitempty"`
	// DynamicStableScale lets prod give up pods as their requests go to the canary, so that both have about as many pods as prod alone: in a commit after the
	// weight has gone up, and they are back before an abort or a promotion sends any request to prod.
	DynamicStableScale bool `json:"dynamicStableScale,omitempty"`
	// ImagePullPolicy is the containers' pull policy. Default: Kubernetes' own.
	ImagePullPolicy string `json:"imagePullPolicy,omitempty" enum:"Always,IfNotPresent,Never"`
	// Env is the container's environment, as in a pod.
	Env []EnvVar `json:"env,omitempty" maxItems:"200"`
	// Resources is what the container asks for, as in a pod.
	Resources Resources `json:"resources,omitempty"`
	// Defaults is what the pod comes with beside what the spec says: `production` (readiness probe, preStop sleep, no unavailable pod while rolling,
	// the recommended labels) or `none`.
	Defaults string `json:"defaults,omitempty" default:"production" enum:"production,none"`
	// Service is the Service of each track.
	Service Service `json:"service,omitempty"`
	// Route is how the world reaches the app; short for `routes: [ROUTE]`.
	Route *route.Route `json:"route,omitempty"`
	// Routes is the list form of route; one entry for now.
	Routes []route.Route `json:"routes,omitempty" maxItems:"1"`
	// CanaryMetadata is put on the canary's pods. With a base only.
	CanaryMetadata *PodMetadata `json:"canaryMetadata,omitempty"`
	// StableMetadata is put on prod's pods, from the first promotion on: nothing restarts for it. With a base only.
	StableMetadata *PodMetadata `json:"stableMetadata,omitempty"`
	// Steps is the ramp, in Argo Rollouts' words.
	Steps []SpecStep `json:"steps" required:"true" minItems:"1" maxItems:"90"`
	// Settle is how long a commit is given to be applied before the next one may be written.
	Settle *Duration `json:"settle,omitempty" default:"10m"`
	// Output is where the manifests go and what they are called.
	Output Output `json:"output,omitempty"`
}

// PodMetadata is labels and annotations for the pods of one track.
type PodMetadata struct {
	// Labels are the pods' labels; none that a selector goes by.
	Labels map[string]string `json:"labels,omitempty" keys:"labelKey" format:"labelValue"`
	// Annotations are the pods' annotations.
	Annotations map[string]string `json:"annotations,omitempty" keys:"labelKey" format:"annotation"`
}

// Stable is the revision that prod starts on.
type Stable struct {
	// Image is the image of the container named after metadata.name.
	Image string `json:"image,omitempty" format:"image"`
	// Images is the long form of image.
	Images Images `json:"images,omitempty"`
}

// ContainerImage is one entry of images.
type ContainerImage struct {
	Container string `json:"container"`
	Image     string `json:"image"`
}

// Images maps container names to images, in the order in which they are written.
type Images []ContainerImage

// EnvVar is one variable of the container's environment.
type EnvVar struct {
	// Name is the variable's name.
	Name string `json:"name" required:"true" format:"envName"`
	// Value is the variable's value.
	Value string `json:"value,omitempty"`
	// ValueFrom is where the value comes from instead.
	ValueFrom *EnvVarSource `json:"valueFrom,omitempty"`
}

// EnvVarSource is where a variable's value comes from; exactly one field is set.
type EnvVarSource struct {
	// ConfigMapKeyRef is a key of a ConfigMap.
	ConfigMapKeyRef *KeyRef `json:"configMapKeyRef,omitempty"`
	// SecretKeyRef is a key of a Secret.
	SecretKeyRef *KeyRef `json:"secretKeyRef,omitempty"`
	// FieldRef is a field of the pod.
	FieldRef *FieldRef `json:"fieldRef,omitempty"`
	// ResourceFieldRef is a resource of a container.
	ResourceFieldRef *ResourceFieldRef `json:"resourceFieldRef,omitempty"`
}

// KeyRef is a key of a ConfigMap or Secret.
type KeyRef struct {
	// Name is the object's name.
	Name string `json:"name" required:"true" format:"dns1123subdomain"`
	// Key is the key in its data.
	Key string `json:"key" required:"true" format:"configKey"`
	// Optional says that the pod starts without it too.
	Optional bool `json:"optional,omitempty"`
}

// FieldRef is a field of the pod.
type FieldRef struct {
	// FieldPath is the field, such as metadata.name or status.podIP.
	FieldPath string `json:"fieldPath" required:"true" format:"fieldPath"`
}

// ResourceFieldRef is a resource of a container.
type ResourceFieldRef struct {
	// ContainerName is the container. Default: the one the variable is in.
	ContainerName string `json:"containerName,omitempty" format:"dns1123label"`
	// Resource is the resource, such as limits.cpu.
	Resource string `json:"resource" required:"true" format:"fieldPath"`
	// Divisor is the unit.
	Divisor Quantity `json:"divisor,omitempty" format:"quantity"`
}

// Resources is what the container asks for.
type Resources struct {
	// Requests is what the scheduler sets aside.
	Requests map[string]Quantity `json:"requests,omitempty" format:"quantity"`
	// Limits is what the container cannot go beyond.
	Limits map[string]Quantity `json:"limits,omitempty" format:"quantity"`
}

// Quantity is an amount as Kubernetes writes it: 5m, 32Mi, 1.
type Quantity string

// Service is the Service of each track.
type Service struct {
	// Port is the Service's port.
	Port int `json:"port,omitempty" default:"80" min:"1" max:"65535"`
	// Name is the port's name, on the Service and on the container. Default: http with `defaults: production`, else none.
	Name string `json:"name,omitempty" format:"portName"`
	// TargetPort is the container's port: a number, or the port's name. Default: the name where there is one, else spec.port.
	TargetPort IntOrName `json:"targetPort,omitempty"`
	// AppProtocol is what the port speaks, for those who connect to it, such as kubernetes.io/h2c. Default: kubernetes.io/h2c with protocol GRPC, else none.
	AppProtocol string `json:"appProtocol,omitempty" format:"appProtocol"`
}

// IntOrName is a port: a number from 1 to 65535, or a name.
type IntOrName struct {
	Int  int    `json:"int,omitempty"`
	Name string `json:"name,omitempty"`
}

// SpecStep is one entry of steps; besides the name exactly one field is set.
type SpecStep struct {
	// Name names the step that this entry makes. Default: made from what it does.
	Name string `json:"name,omitempty" format:"stepName"`
	// SetWeight sends that share of the requests to the canary, out of route.weightTotal (100).
	SetWeight *int `json:"setWeight,omitempty" min:"0" max:"1000000"`
	// Pause holds the step before it: until promoted, or for a time. Default: until promoted, with `pause: {}`.
	Pause *Pause `json:"pause,omitempty"`
	// SetCanaryScale sets the number of canary pods apart from the weight.
	SetCanaryScale *CanaryScale `json:"setCanaryScale,omitempty"`
	// SetHeaderRoute sends whoever carries a header to the canary; without a match it ends that rule.
	SetHeaderRoute *HeaderRoute `json:"setHeaderRoute,omitempty"`
}

// Pause is how long a step is held at the least.
type Pause struct {
	// Duration is a number of seconds, or hours, minutes and seconds such as 1h30m. Default: until someone promotes.
	Duration *Duration `json:"duration,omitempty"`
}

// CanaryScale is a number of canary pods; exactly one field is set.
type CanaryScale struct {
	// Replicas is the number of pods.
	Replicas *int `json:"replicas,omitempty" min:"0" max:"10000"`
	// Weight is a share of spec.replicas in percent, rounded up.
	Weight *int `json:"weight,omitempty" min:"0" max:"100"`
	// MatchTrafficWeight goes back to what the traffic weight needs.
	MatchTrafficWeight bool `json:"matchTrafficWeight,omitempty"`
}

// HeaderRoute is a named header rule.
type HeaderRoute struct {
	// Name names the rule, so that a later step can change or end it.
	Name string `json:"name" required:"true" format:"dns1123label"`
	// Match is the header that is asked for. Empty ends the rule.
	Match []HeaderMatch `json:"match,omitempty" maxItems:"1"`
}

// HeaderMatch asks for a header's value.
type HeaderMatch struct {
	// HeaderName is the header.
	HeaderName string `json:"headerName" required:"true" format:"header"`
	// HeaderValue is the value asked for.
	HeaderValue HeaderValue `json:"headerValue" required:"true"`
}

// HeaderValue asks for a value; exactly one field is set.
type HeaderValue struct {
	// Exact is the whole value.
	Exact string `json:"exact,omitempty" format:"headerValue"`
	// Prefix is how the value begins.
	Prefix string `json:"prefix,omitempty" format:"headerValue"`
	// Regex is a regular expression that the whole value must match.
	Regex string `json:"regex,omitempty" format:"regex"`
}

// Output is where the manifests go and what they are called.
type Output struct {
	// Path is the output directory, relative to the root of the target repository. Default: deploy/[NAMESPACE/]NAME.
	Path string `json:"path,omitempty" format:"outputPath"`
	// Names overrides the names of the six objects, and of a base's autoscaler.
	Names Names `json:"names,omitempty"`
}

// Names are the names of the six objects, and of a base's autoscaler.
type Names struct {
	// Prod are the names of prod's objects. Default: metadata.name.
	Prod TrackNames `json:"prod,omitempty"`
	// Canary are the names of the canary's objects. Default: metadata.name with the suffix -canary.
	Canary TrackNames `json:"canary,omitempty"`
}

// TrackNames are the names of one track's objects.
type TrackNames struct {
	// Deployment is the Deployment's name, and the value of the label app that the track's objects are found by.
	Deployment string `json:"deployment,omitempty" format:"dns1123label"`
	// Service is the Service's name.
	Service string `json:"service,omitempty" format:"dns1035label"`
	// Route is the route object's name. With gateway-api there is one object for both tracks, of prod's name.
	Route string `json:"route,omitempty" format:"dns1123subdomain"`
	// Autoscaler is the name of the HorizontalPodAutoscaler or ScaledObject that owns the Deployment's replicas, where a base has one.
	Autoscaler string `json:"autoscaler,omitempty" format:"dns1123subdomain"`
}

// RouteSpec is the spec's one route.
func (c *Canary) RouteSpec() route.Route {
	return c.Spec.Routes[0]
}

// RouteField is where the spec has its one route.
func (c *Canary) RouteField() string {
	if c.Spec.Route == nil {
		return "spec.routes[0]"
	}
	return "spec.route"
}

// OutputPath is the output directory, slash-separated and relative to the root of the target repository.
func (c *Canary) OutputPath() string {
	return c.Spec.Output.Path
}
