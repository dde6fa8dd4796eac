package kustomize

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// What a base may read. A file that is read twice, through two overlays, counts twice: that is what kustomize makes objects of.
const (
	maxFiles = 1000
	maxBytes = 16 << 20
)

// gathering copies the files that a kustomization names, and those of the kustomizations it names, into memory. Kustomize then sees these alone. So nothing
// outside is read, a file cannot change between the check and the build, and what this walk does not know of is an error, not a hole.
type gathering struct {
	from         fs.FS
	to           filesys.FileSystem
	files, bytes int
	schemas      bool     // one of them names schemas
	above        []string // the directories whose kustomizations led here
	factory      *resmap.Factory
}

func gather(from fs.FS, dir string) (*gathering, error) {
	g := &gathering{from: from, to: filesys.MakeFsInMemory(), factory: resmap.NewFactory(provider.NewDepProvider().GetResourceFactory())}
	switch mode, err := g.mode(dir); {
	case err != nil:
		return nil, fmt.Errorf("base %q: %w", dir, err)
	case !mode.IsDir():
		return nil, fmt.Errorf("base %q is no directory: allowed a directory of the repository with a kustomization", dir)
	}
	return g, g.kustomization(dir)
}

// kustomization gathers what the kustomization in a directory names.
func (g *gathering) kustomization(dir string) error {
	if slices.Contains(g.above, dir) {
		return fmt.Errorf("base %q includes itself: %s", dir, strings.Join(append(g.above, dir), " -> "))
	}
	g.above = append(g.above, dir)
	defer func() { g.above = g.above[:len(g.above)-1] }()
	name, err := g.find(dir)
	if err != nil {
		return err
	}
	if err := g.copy(name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	data, err := g.to.ReadFile(path.Join("/", name))
	if err != nil {
		return err
	}
	k := types.Kustomization{}
	if err := k.Unmarshal(data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	k.FixKustomization()
	return (&reader{gathering: g, dir: dir, name: name}).all(&k)
}

// find names the one kustomization file of a directory.
func (g *gathering) find(dir string) (string, error) {
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		name = path.Join(dir, name)
		_, err := g.mode(name)
		if err == nil {
			found = append(found, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("base %q has %d kustomizations: allowed one of %s", dir, len(found), strings.Join(konfig.RecognizedKustomizationFileNames(), ", "))
	}
	return found[0], nil
}

// mode says what a path is, without following a symlink on the way to it or at its end.
func (g *gathering) mode(name string) (mode fs.FileMode, err error) {
	if !fs.ValidPath(name) {
		return 0, errors.New("it leads out of the repository")
	}
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := fs.Lstat(g.from, name[:i])
		if err != nil {
			return 0, err
		}
		if mode = info.Mode(); mode&fs.ModeSymlink != 0 {
			return 0, fmt.Errorf("%s is a symlink: gitramp follows none", name[:i])
		}
	}
	return mode, nil
}

// copy takes one regular file along.
func (g *gathering) copy(name string) error {
	to := path.Join("/", name)
	data, err := g.to.ReadFile(to)
	if err != nil {
		if data, err = g.read(name); err != nil {
			return err
		}
		if err := g.to.WriteFile(to, data); err != nil {
			return err
		}
	}
	g.files++
	g.bytes += len(data)
	if g.files > maxFiles || g.bytes > maxBytes {
		return fmt.Errorf("the base has more than %d files or %d bytes", maxFiles, maxBytes)
	}
	return nil
}

// read reads no more of a file than a base may have.
func (g *gathering) read(name string) ([]byte, error) {
	f, err := g.from.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}

// reader reads one kustomization's fields.
type reader struct {
	*gathering
	dir, name string
}

func (r *reader) all(k *types.Kustomization) error {
	if len(k.HelmCharts) > 0 {
		return r.refuse("helmCharts", k.HelmCharts[0].Name, "manifests in the repository: charts are not inflated")
	}
	for _, list := range []struct {
		field  string
		values []string
		read   func(field, value string) error
	}{
		{"resources", k.Resources, r.resource},
		{"components", k.Components, r.directory},
		{"crds", k.Crds, r.file},
		{"configurations", k.Configurations, r.file},
		{"generators", k.Generators, r.plugin},
		{"transformers", k.Transformers, r.plugin},
		{"validators", k.Validators, r.plugin},
	} {
		if err := each(list.field, list.values, list.read); err != nil {
			return err
		}
	}
	r.schemas = r.schemas || len(k.OpenAPI) > 0
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

func each(field string, values []string, read func(field, value string) error) error {
	for i, v := range values {
		if err := read(fmt.Sprintf("%s[%d]", field, i), v); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) patches(k *types.Kustomization) error {
	for i, p := range k.PatchesStrategicMerge {
		if err := r.inlineOr(fmt.Sprintf("patchesStrategicMerge[%d]", i), string(p)); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		field   string
		patches []types.Patch
	}{{"patches", k.Patches}, {"patchesJson6902", k.PatchesJson6902}} {
		for i, p := range list.patches {
			if err := r.optional(fmt.Sprintf("%s[%d].path", list.field, i), p.Path); err != nil {
				return err
			}
		}
	}
	for i, p := range k.Replacements {
		if err := r.optional(fmt.Sprintf("replacements[%d].path", i), p.Path); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) generated(k *types.Kustomization) error {
	for i, c := range k.ConfigMapGenerator {
		if err := r.sources(fmt.Sprintf("configMapGenerator[%d]", i), c.KvPairSources); err != nil {
			return err
		}
	}
	for i, s := range k.SecretGenerator {
		if err := r.sources(fmt.Sprintf("secretGenerator[%d]", i), s.KvPairSources); err != nil {
			return err
		}
	}
	return nil
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

func (r *reader) optional(field, value string) error {
	if value == "" {
		return nil
	}
	return r.file(field, value)
}

// inlineOr is a patch, or the path of one: kustomize tries in this order.
func (r *reader) inlineOr(field, value string) error {
	if _, err := r.factory.RF().SliceFromBytes([]byte(value)); err == nil {
		return nil
	}
	return r.file(field, value)
}

// resource is a file of objects, or a directory with a kustomization.
func (r *reader) resource(field, value string) error {
	name, mode, err := r.lookup(field, value, true)
	if err != nil {
		return err
	}
	if mode.IsDir() {
		return r.kustomization(name)
	}
	return r.take(field, value, name)
}

func (r *reader) directory(field, value string) error {
	name, mode, err := r.lookup(field, value, true)
	if err != nil {
		return err
	}
	if !mode.IsDir() {
		return r.refuse(field, value, "a directory with a kustomization")
	}
	return r.kustomization(name)
}

func (r *reader) file(field, value string) error {
	name, mode, err := r.lookup(field, value, false)
	if err != nil {
		return err
	}
	if mode.IsDir() {
		return r.refuse(field, value, "a file")
	}
	return r.take(field, value, name)
}

// take copies a file, which kustomize's own rule wants in or below the directory of the kustomization that names it.
func (r *reader) take(field, value, name string) error {
	if r.dir != "." && !strings.HasPrefix(name, r.dir+"/") {
		return r.refuse(field, value, "a file in or below "+r.dir+"/")
	}
	if err := r.copy(name); err != nil {
		return fmt.Errorf("%s: %s: value %q: %w", r.name, field, value, err)
	}
	return nil
}

// lookup finds what a value of a kustomization means. cloned says that kustomize takes the value for a git repository where it looks like one.
func (r *reader) lookup(field, value string, cloned bool) (string, fs.FileMode, error) {
	if fetched(value) || cloned && repository(value) {
		return "", 0, r.refuse(field, value, "a path in the repository: remote bases are not read")
	}
	if value == "" || path.IsAbs(value) {
		return "", 0, r.refuse(field, value, "a path relative to the kustomization")
	}
	name := path.Join(r.dir, value)
	mode, err := r.mode(name)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %s: value %q: %w", r.name, field, value, err)
	}
	if !mode.IsRegular() && !mode.IsDir() {
		return "", 0, r.refuse(field, value, "a file or a directory")
	}
	return name, mode, nil
}

func (r *reader) refuse(field, value, allowed string) error {
	return fmt.Errorf("%s: %s: value %q is invalid: allowed %s", r.name, field, value, allowed)
}

// fetched says that kustomize's file loader would ask a web server for it (api/internal/loader, IsRemoteFile), or something much like it.
func fetched(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") || strings.Contains(value, "://")
}

// repository says that kustomize would clone it: what its NewRepoSpecFromURL (api/internal/git) takes for the host part of a git URL, and some more.
func repository(value string) bool {
	value = strings.ToLower(value)
	return strings.HasPrefix(value, "git::") || strings.HasPrefix(value, "github.com/") || strings.HasPrefix(value, "github.com:") || user.MatchString(value)
}

var user = regexp.MustCompile(`^[a-z][a-z0-9-]*@`)

// plugin is the configuration of one of kustomize's own plugins, or the path of a file with some. A directory could build a configuration that this walk
// cannot see, and is refused.
func (r *reader) plugin(field, value string) error {
	configs, err := r.factory.NewResMapFromBytes([]byte(value))
	if err != nil {
		if err := r.file(field, value); err != nil {
			return err
		}
		data, err := r.to.ReadFile(path.Join("/", r.dir, value))
		if err != nil {
			return err
		}
		if configs, err = r.factory.NewResMapFromBytes(data); err != nil {
			return fmt.Errorf("%s: %s: value %q: %w", r.name, field, value, err)
		}
	}
	for _, c := range configs.Resources() {
		text, err := c.AsYAML()
		if err != nil {
			return err
		}
		if c.GetApiVersion() != konfig.BuiltinPluginApiVersion || c.GetKind() == "HelmChartInflationGenerator" {
			return r.refuse(field, c.GetApiVersion()+" "+c.GetKind(), "kustomize's own plugins but for charts: nothing is run")
		}
		if err := r.configured(field+" "+c.GetKind(), text); err != nil {
			return err
		}
	}
	return nil
}

// configured reads what the configurations of kustomize's own plugins call their files, all kinds in one.
func (r *reader) configured(field string, config []byte) error {
	var c struct {
		types.KvPairSources
		Path           string                   `json:"path"`
		Paths          []string                 `json:"paths"`
		TargetFilePath string                   `json:"targetFilePath"`
		Replacements   []types.ReplacementField `json:"replacements"`
	}
	if err := yaml.Unmarshal(config, &c); err != nil {
		return fmt.Errorf("%s: %s: %w", r.name, field, err)
	}
	if err := r.sources(field, c.KvPairSources); err != nil {
		return err
	}
	if err := each(field+".paths", c.Paths, r.inlineOr); err != nil {
		return err
	}
	for _, v := range append(c.Replacements, types.ReplacementField{Path: c.Path}, types.ReplacementField{Path: c.TargetFilePath}) {
		if err := r.optional(field+".path", v.Path); err != nil {
			return err
		}
	}
	return nil
}
