package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// reader reads the fields of one kustomization that name files and directories. Each method takes a field's name, for errors, and a value of it.
type reader struct {
	*gathering
	dir, name string
}

const charts = "manifests in the repository: charts are not inflated"

func (r *reader) all(k *types.Kustomization) error {
	if len(k.HelmCharts) > 0 {
		return r.refuse("helmCharts", k.HelmCharts[0].Name, charts)
	}
	if len(k.HelmChartInflationGenerator) > 0 {
		return r.refuse("helmChartInflationGenerator", k.HelmChartInflationGenerator[0].ChartName, charts)
	}
	if slices.Contains(k.BuildMetadata, types.ManagedByLabelOption) {
		return r.refuse("buildMetadata", types.ManagedByLabelOption, "what does not change with the version of gitramp")
	}
	for _, list := range []struct {
		field  string
		values []string
		read   func(field, value string) error
	}{
		{"resources", k.Resources, r.resource},
		{"bases", k.Bases, r.resource},
		{"components", k.Components, r.component},
		{"crds", k.Crds, r.crd},
		{"configurations", k.Configurations, r.file},
		{"generators", k.Generators, r.plugin},
		{"transformers", k.Transformers, r.plugin},
		{"validators", k.Validators, r.plugin},
	} {
		if err := each(list.field, list.values, list.read); err != nil {
			return err
		}
	}
	if at, ok := k.OpenAPI["path"]; ok {
		if err := r.file("openapi.path", at); err != nil {
			return err
		}
	}
	if err := r.patches(k); err != nil {
		return err
	}
	return r.generated(k)
}

func each[T any](field string, values []T, read func(field string, value T) error) error {
	for i, v := range values {
		if err := read(fmt.Sprintf("%s[%d]", field, i), v); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) patches(k *types.Kustomization) error {
	if err := each("patchesStrategicMerge", k.PatchesStrategicMerge, r.merge); err != nil {
		return err
	}
	if err := each("patches", k.Patches, r.patch); err != nil {
		return err
	}
	if err := each("patchesJson6902", k.PatchesJson6902, r.patch); err != nil {
		return err
	}
	return each("replacements", k.Replacements, r.replacement)
}

func (r *reader) generated(k *types.Kustomization) error {
	if err := r.count(len(k.ConfigMapGenerator) + len(k.SecretGenerator)); err != nil {
		return r.failed("configMapGenerator", err)
	}
	err := each("configMapGenerator", k.ConfigMapGenerator, func(field string, c types.ConfigMapArgs) error { return r.sources(field, c.KvPairSources) })
	if err != nil {
		return err
	}
	return each("secretGenerator", k.SecretGenerator, func(field string, s types.SecretArgs) error { return r.sources(field, s.KvPairSources) })
}

func (r *reader) sources(field string, s types.KvPairSources) error {
	if err := each(field+".files", s.FileSources, r.source); err != nil {
		return err
	}
	if err := each(field+".envs", s.EnvSources, r.file); err != nil {
		return err
	}
	return r.optional(field+".env", s.EnvSource)
}

// source is a file of a generator: [key=]path.
func (r *reader) source(field, value string) error {
	_, at, named := strings.Cut(value, "=")
	if !named {
		at = value
	}
	return r.file(field, at)
}

func (r *reader) replacement(field string, value types.ReplacementField) error {
	return r.optional(field+".path", value.Path)
}

// patch is a patch inline, or the path of one.
func (r *reader) patch(field string, value types.Patch) error {
	if value.Path == "" {
		_, err := r.yaml(field+".patch", []byte(value.Patch), true)
		return err
	}
	name, data, err := r.path(field+".path", value.Path, false, false)
	if err == nil {
		_, err = r.yaml(field+".path ("+name+")", data, true)
	}
	return err
}

// merge is a strategic merge patch, or the path of one: kustomize tries in this order.
func (r *reader) merge(field string, value types.PatchStrategicMerge) error {
	if _, err := r.yaml(field, []byte(value), true); err != nil {
		return err
	}
	if _, err := r.factory.RF().SliceFromBytes([]byte(value)); err == nil {
		return nil
	}
	return r.patch(field, types.Patch{Path: string(value)})
}

// resource is a file of objects, or a directory with a kustomization.
func (r *reader) resource(field, value string) error {
	name, data, err := r.path(field, value, true, true)
	if err != nil {
		return err
	}
	if data == nil {
		return r.kustomization(name)
	}
	docs, err := r.yaml(field+" ("+name+")", data, false)
	if err != nil {
		return err
	}
	if err := r.local(name, docs); err != nil {
		return r.failed(field, err)
	}
	return r.failed(field, r.count(objects(docs)))
}

func (r *reader) component(field, value string) error {
	name, data, err := r.path(field, value, true, true)
	if err != nil {
		return err
	}
	if data != nil {
		return r.refuse(field, value, "a directory with a kustomization")
	}
	return r.kustomization(name)
}

// crd is a file of OpenAPI definitions.
func (r *reader) crd(field, value string) error {
	_, data, err := r.path(field, value, false, false)
	if err != nil {
		return err
	}
	types := definitions{}
	if err := yaml.Unmarshal(data, &types); err != nil {
		return r.failed(field, err)
	}
	ways := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if _, err := types.count(name, ways); err != nil {
			return r.failed(field, err)
		}
	}
	return nil
}

func (r *reader) file(field, value string) error {
	_, _, err := r.path(field, value, false, false)
	return err
}

func (r *reader) optional(field, value string) error {
	if value == "" {
		return nil
	}
	return r.file(field, value)
}

// plugin is the configuration of one of kustomize's own plugins, or the path of a file with some. A directory could build a configuration that this walk
// cannot see, and is refused.
func (r *reader) plugin(field, value string) error {
	configs, err := r.configs(field, []byte(value), true)
	if err != nil {
		return err
	}
	if configs == nil {
		_, data, err := r.path(field, value, true, false)
		if err != nil {
			return err
		}
		if configs, err = r.configs(field, data, false); err != nil {
			return err
		}
	}
	if err := r.count(configs.Size()); err != nil {
		return r.failed(field, err)
	}
	for _, c := range configs.Resources() {
		if c.GetApiVersion() != konfig.BuiltinPluginApiVersion || c.GetKind() == "HelmChartInflationGenerator" {
			return r.refuse(field, c.GetApiVersion()+" "+c.GetKind(), "kustomize's own plugins but for charts: nothing is run")
		}
		text, err := c.AsYAML()
		if err != nil {
			return r.failed(field, err)
		}
		if err := r.configured(field+" "+c.GetKind(), text); err != nil {
			return err
		}
	}
	return nil
}

// configs reads configurations of plugins, nil if the text is none and may be something else.
func (r *reader) configs(field string, text []byte, perhaps bool) (resmap.ResMap, error) {
	if _, err := r.yaml(field, text, perhaps); err != nil {
		return nil, err
	}
	configs, err := r.factory.NewResMapFromBytes(text)
	if err != nil && perhaps {
		return nil, nil
	}
	return configs, r.failed(field, err)
}

// configured reads what the configurations of kustomize's own plugins call their files, all kinds in one.
func (r *reader) configured(field string, config []byte) error {
	var c struct {
		types.KvPairSources
		Path           string                      `json:"path"`
		Paths          []types.PatchStrategicMerge `json:"paths"`
		Patches        string                      `json:"patches"`
		Patch          string                      `json:"patch"`
		TargetFilePath string                      `json:"targetFilePath"`
		Replacements   []types.ReplacementField    `json:"replacements"`
	}
	if err := yaml.Unmarshal(config, &c); err != nil {
		return r.failed(field, err)
	}
	if err := r.sources(field, c.KvPairSources); err != nil {
		return err
	}
	if err := each(field+".paths", c.Paths, r.merge); err != nil {
		return err
	}
	if _, err := r.yaml(field+".patches", []byte(c.Patches), true); err != nil {
		return err
	}
	if err := r.patch(field, types.Patch{Path: c.Path, Patch: c.Patch}); err != nil {
		return err
	}
	if err := r.optional(field+".targetFilePath", c.TargetFilePath); err != nil {
		return err
	}
	return each(field+".replacements", c.Replacements, r.replacement)
}

// path finds what a value means, and takes a file along; the data of a directory is nil. cloned says that kustomize takes the value for a git repository where
// it looks like one.
func (r *reader) path(field, value string, cloned, directory bool) (name string, data []byte, err error) {
	if fetched(value) || cloned && repository(value) {
		return "", nil, r.refuse(field, value, "a path in the repository: remote bases are not read")
	}
	if value == "" || path.IsAbs(value) {
		return "", nil, r.refuse(field, value, "a path relative to the kustomization")
	}
	name = path.Join(r.dir, value)
	mode, err := r.mode(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, r.refuse(field, value, "what is there: "+name+" is not")
	case err != nil:
		return "", nil, r.failed(fmt.Sprintf("%s: value %q", field, value), err)
	case mode.IsDir() && directory:
		return name, nil, nil
	case !mode.IsRegular() && directory:
		return "", nil, r.refuse(field, value, "a file or a directory")
	case !mode.IsRegular():
		return "", nil, r.refuse(field, value, "a file")
	case r.dir != "." && !strings.HasPrefix(name, r.dir+"/"):
		// kustomize's own rule, LoadRestrictionsRootOnly
		return "", nil, r.refuse(field, value, "a file in or below "+r.dir)
	}
	data, err = r.copy(name)
	if data == nil {
		data = []byte{}
	}
	return name, data, r.failed(fmt.Sprintf("%s: value %q", field, value), err)
}

// yaml checks a text that kustomize will parse. perhaps says that it may be something else.
func (r *reader) yaml(field string, text []byte, perhaps bool) ([]*kyaml.RNode, error) {
	docs, err := documents(text)
	if err != nil && perhaps {
		return nil, nil
	}
	if err == nil {
		err = r.check(docs)
	}
	return docs, r.failed(field, err)
}

func (r *reader) refuse(field, value, allowed string) error {
	return fmt.Errorf("%s: %s: value %q is invalid: allowed %s", r.name, field, value, allowed)
}

func (r *reader) failed(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", r.name, field, err)
}

// fetched says that kustomize's file loader would ask a web server for it (api/internal/loader, IsRemoteFile), or something much like it.
func fetched(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") || strings.Contains(value, "://")
}

// repository says that kustomize would clone it: what its NewRepoSpecFromURL (api/internal/git) takes for the host part of a git URL, and some more.
func repository(value string) bool {
	value = strings.ToLower(value)
	user, _, at := strings.Cut(value, "@")
	return strings.HasPrefix(value, "git::") || strings.HasPrefix(value, "github.com/") || strings.HasPrefix(value, "github.com:") || at && !strings.Contains(user, "/")
}
