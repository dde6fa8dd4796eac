package render

import (
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// configRef is a ConfigMap or Secret that pods refer to.
type configRef struct{ kind, name string }

func isConfig(o *yaml.Node) bool {
	kind := node.Text(o, "kind")
	return (kind == "ConfigMap" || kind == "Secret") && node.Text(o, "apiVersion") == "v1"
}

func configOf(o *yaml.Node) configRef {
	return configRef{node.Text(o, "kind"), node.Text(o, "metadata", "name")}
}

// configFields are the fields of a pod that hold the name of a ConfigMap or Secret below them (k8s.io/api core/v1: EnvVarSource, EnvFromSource, VolumeSource,
// VolumeProjection, PodSpec.ImagePullSecrets, and the secretRef of the volume plugins).
var configFields = map[string]configRef{
	"configMapKeyRef":      {"ConfigMap", "name"},
	"configMapRef":         {"ConfigMap", "name"},
	"configMap":            {"ConfigMap", "name"},
	"secretKeyRef":         {"Secret", "name"},
	"secretRef":            {"Secret", "name"},
	"secret":               {"Secret", "secretName"},
	"nodePublishSecretRef": {"Secret", "name"},
}

// eachConfigRef visits the names of the ConfigMaps and Secrets that a Deployment's pods refer to.
func eachConfigRef(deployment *yaml.Node, visit func(kind string, name *yaml.Node)) {
	pod := node.Get(deployment, "spec", "template", "spec")
	if pod == nil {
		return
	}
	for _, field := range []string{"imagePullSecrets", "containers", "initContainers", "ephemeralContainers", "volumes"} {
		if at := node.Get(pod, field); at != nil {
			walkConfigRefs(node.Map(node.String(field), at), visit)
		}
	}
}

// walkConfigRefs visits the names of ConfigMaps and Secrets that are anywhere in a node.
func walkConfigRefs(n *yaml.Node, visit func(kind string, name *yaml.Node)) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		ref, ok := configFields[key]
		switch {
		case key == "imagePullSecrets":
			for _, item := range value.Content {
				if name := node.Get(item, "name"); name != nil {
					visit("Secret", name)
				}
			}
		case key == "tls": // of an Ingress
			for _, item := range value.Content {
				if name := node.Get(item, "secretName"); name != nil {
					visit("Secret", name)
				}
			}
		case key == "resourceNames": // of a Role: whatever its rule is about, as kustomize takes it (api/internal/konfig/builtinpluginconsts/namereference.go)
			for _, name := range value.Content {
				visit("ConfigMap", name)
				visit("Secret", name)
			}
		case ok && value.Kind == yaml.MappingNode:
			name := node.Get(value, ref.name)
			if name == nil && ref.name == "secretName" { // a projection
				name = node.Get(value, "name")
			}
			if name != nil {
				visit(ref.kind, name)
			}
		}
	}
	for _, c := range n.Content {
		walkConfigRefs(c, visit)
	}
}

// configRefs are what a Deployment's pods refer to, each once.
func configRefs(deployment *yaml.Node) (refs []configRef) {
	eachConfigRef(deployment, func(kind string, name *yaml.Node) {
		if ref := (configRef{kind, name.Value}); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	})
	return refs
}

// ConfigUse is a ConfigMap or Secret that the pods of a Deployment refer to.
type ConfigUse struct{ Deployment, Config string }

// Config lists the ConfigMaps and Secrets of a tree, and what the pods of its Deployments refer to, by kind and name; both are nil where it has none.
func (t Tree) Config() (has []string, wants []ConfigUse) {
	for _, path := range t.Resources() {
		if rank(path) != 3 {
			continue
		}
		data, _ := t.Get(path)
		if n, err := node.Parse(data); err == nil && isConfig(n) {
			has = append(has, node.Title(n))
		}
	}
	if has == nil {
		return nil, nil
	}
	for _, path := range []string{prodDeployment, canaryDeployment} {
		data, there := t.Get(path)
		if n, err := node.Parse(data); there && err == nil {
			for _, ref := range configRefs(n) {
				wants = append(wants, ConfigUse{node.Title(n), ref.kind + " " + ref.name})
			}
		}
	}
	return has, wants
}

// configOrigin is the annotation that says which config of the base a versioned copy is of.
const configOrigin = "gitramp.dev/config"

// originOf is the name that a config has in the base.
func originOf(o *yaml.Node) configRef {
	ref := configOf(o)
	if origin := node.Text(o, "metadata", "annotations", configOrigin); origin != "" {
		ref.name = origin
	}
	return ref
}

// contentOf is what a config says, however it is written and whatever its name is.
func contentOf(o *yaml.Node) string {
	content := map[string]any{}
	for _, field := range []string{"data", "binaryData", "stringData", "type", "immutable"} {
		if at := node.Get(o, field); at != nil {
			content[field] = plainValue(at)
		}
	}
	return asJSON(content)
}

// plainValue is a node as data: without order, comments and style.
func plainValue(n *yaml.Node) any {
	var v any
	if err := n.Decode(&v); err != nil {
		return n.Value
	}
	return v
}

// asJSON is data with sorted keys.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error() // a key that is no string: an API server takes none
	}
	return string(text)
}

// versions brings the config of a new revision beside what prod runs: what has not changed goes by the name that it has there, and what has changed, under a name
// that is taken, by prod's pods or by anything, gets one of its own. It returns the config with its names.
func versions(config []*yaml.Node, stable Tree) map[configRef]string {
	type version struct{ name, content string }
	there := map[configRef]version{}
	data, _ := stable.Get(prodDeployment)
	if pods, err := node.Parse(data); err == nil {
		runs := configRefs(pods) // beside what they refer to there may be the same config by another name, for something else
		for _, f := range stable {
			n, err := node.Parse(f.Data)
			if err != nil || !isConfig(n) || !sameNamespace(n, pods) {
				continue
			}
			if _, taken := there[originOf(n)]; !taken || slices.Contains(runs, configOf(n)) {
				there[originOf(n)] = version{node.Text(n, "metadata", "name"), contentOf(n)}
			}
		}
	}
	names := map[configRef]string{}
	for _, o := range config {
		ref := configOf(o)
		has, taken := there[ref]
		switch content := contentOf(o); {
		case !taken:
			names[ref] = ref.name
		case has.content == content:
			names[ref] = has.name
		default:
			names[ref] = ref.name + "-" + Digest([]byte(content))[len("sha256:"):][:hashed-1]
		}
	}
	return names
}

// hashed is how much longer a name is with a hash behind it.
const hashed = len("-0123456789")
