package render

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// plainKey says whether a key is `^[A-Za-z0-9_./-]{1,63}$`.
func plainKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '-' || c > '9') && c != '_' {
			return false
		}
	}
	return s != "" && len(s) < 64
}

// plainInt is the only way to write a number: YAML would also read 020 as 16, 1_0 as 10 and 2e1 as 20.
func plainInt(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || s != "" && s[0] != '0' && len(s) < 10
}

// decoder fills Go values from nodes and collects every error on the way.
type decoder struct {
	source
	errs SpecError
}

func (d *decoder) fail(n *yaml.Node, field, problem, allowed string) {
	d.errs = append(d.errs, FieldError{File: d.file, Line: n.Line, Column: n.Column, Field: field, Problem: problem, Allowed: allowed})
}

func (d *decoder) invalid(n *yaml.Node, field, value, allowed string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, field, "is "+value, allowed)
		return
	}
	d.errs = append(d.errs, FieldError{File: d.file, Line: n.Line, Column: n.Column, Field: field, Value: value,
		Problem: "value " + excerpt(value) + " is invalid", Allowed: allowed})
}

// sorted returns the errors in the order of the file.
func (d *decoder) sorted() error {
	if len(d.errs) == 0 {
		return nil
	}
	sort.SliceStable(d.errs, func(i, j int) bool {
		a, b := d.errs[i], d.errs[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return d.errs
}

// nodeDecoder is a type that reads its own node.
type nodeDecoder interface {
	decodeNode(d *decoder, n *yaml.Node, field string)
}

// value fills v from n; tag carries the rules of the field that v stands for.
func (d *decoder) value(n *yaml.Node, v reflect.Value, field string, tag reflect.StructTag) {
	if n.Kind == yaml.ScalarNode && n.Tag == node.TagNull {
		d.fail(n, field, "is empty", allowedBy(v.Type(), tag))
		return
	}
	if custom, ok := v.Addr().Interface().(nodeDecoder); ok {
		custom.decodeNode(d, n, field)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), field, tag)
	case reflect.Struct:
		d.structure(n, v, field)
	case reflect.Slice:
		d.list(n, v, field, tag)
	case reflect.Map:
		d.mapping(n, v, field, tag)
	case reflect.Int:
		d.integer(n, v, field, tag)
	case reflect.Bool:
		d.boolean(n, v, field)
	default:
		d.text(n, v, field, tag)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, field string) {
	if n.Kind != yaml.MappingNode {
		d.invalid(n, field, brief(n), allowedBy(v.Type(), ""))
		return
	}
	fields, seen, others := fieldsOf(v.Type()), uint64(0), map[string]bool(nil)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(field, key.Value)
		index := slices.IndexFunc(fields, func(f structField) bool { return f.name == key.Value && f.name != "" })
		switch {
		case others[key.Value], index >= 0 && seen&(1<<index) != 0:
			d.fail(key, at, "is given twice", "once")
		case index < 0 || key.Kind != yaml.ScalarNode:
			d.unknown(key, at, fieldNames(v.Type()))
		default:
			d.value(value, v.Field(index), at, fields[index].Tag)
		}
		if index >= 0 {
			seen |= 1 << index
			continue
		}
		if others == nil {
			others = map[string]bool{}
		}
		others[key.Value] = true
	}
	for i, f := range fields {
		if f.required && seen&(1<<i) == 0 && (f.unless == "" || seen&(1<<slices.IndexFunc(fields, func(other structField) bool { return other.name == f.unless })) == 0) {
			d.fail(n, join(field, f.name), "is missing", allowedBy(f.Type, f.Tag))
		}
	}
}

// foreignWords are what people bring from Argo Rollouts and Flagger.
var foreignWords = map[string]string{
	"analysis": "an analysis", "experiment": "an Argo Rollouts step", "plugin": "an Argo Rollouts step", "setMirrorRoute": "an Argo Rollouts step",
	"strategy": "an Argo Rollouts field", "template": "an Argo Rollouts field", "workloadRef": "an Argo Rollouts field", "trafficRouting": "an Argo Rollouts field",
	"targetRef": "a Flagger field", "progressDeadlineSeconds": "a field of Argo Rollouts and Flagger",
}

func (d *decoder) unknown(key *yaml.Node, field string, names []string) {
	problem := "field is unknown"
	if whose := foreignWords[key.Value]; whose != "" {
		d.fail(key, field, "is "+whose+" that gitramp does not have", strings.Join(names, ", "))
		return
	}
	if near := Suggest(key.Value, names); near != "" {
		problem += " (did you mean " + near + "?)"
	}
	d.fail(key, field, problem, strings.Join(names, ", "))
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, field string, tag reflect.StructTag) {
	if n.Kind != yaml.SequenceNode {
		d.invalid(n, field, brief(n), allowedBy(v.Type(), ""))
		return
	}
	count := len(n.Content)
	if limit := tagInt(tag, "minItems", 0); count < limit {
		d.fail(n, field, "is an empty list", fmt.Sprintf("at least %d entry", limit))
	}
	if limit := tagInt(tag, "maxItems", 100); count > limit {
		d.fail(n, field, fmt.Sprintf("has %d entries", count), fmt.Sprintf("at most %d", limit))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), count, count))
	for i, item := range n.Content {
		d.value(item, v.Index(i), field+"["+strconv.Itoa(i)+"]", tag)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, field string, tag reflect.StructTag) {
	if n.Kind != yaml.MappingNode {
		d.invalid(n, field, brief(n), "a mapping")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, at := n.Content[i], join(field, n.Content[i].Value)
		if v.MapIndex(reflect.ValueOf(key.Value)).IsValid() {
			d.fail(key, at, "is given twice", "once")
			continue
		}
		keys := tag.Get("keys")
		if keys == "" {
			keys = "resourceName"
		}
		if f := formats[keys]; !f.valid(key.Value) || len(key.Value) > f.max {
			d.invalid(key, field, key.Value, f.allowed)
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(n.Content[i+1], item, at, tag)
		v.SetMapIndex(reflect.ValueOf(key.Value), item)
	}
}

func (d *decoder) integer(n *yaml.Node, v reflect.Value, field string, tag reflect.StructTag) {
	i, err := strconv.Atoi(n.Value)
	low, high := tagInt(tag, "min", 0), tagInt(tag, "max", 999999999)
	if n.Kind != yaml.ScalarNode || n.Style != 0 || !plainInt(n.Value) || err != nil || i < low || i > high {
		allowed := allowedBy(v.Type(), tag)
		switch {
		case n.Kind == yaml.ScalarNode && n.Style != 0 && plainInt(n.Value):
			allowed += ", without quotes"
		case n.Kind == yaml.ScalarNode && !plainInt(n.Value) && n.Value[0] != '-' && len(n.Value) < 10 && (n.Tag == node.TagInt || n.Tag == node.TagFloat):
			allowed += ", as a whole number in plain digits"
		}
		d.invalid(n, field, brief(n), allowed)
		return
	}
	v.SetInt(int64(i))
}

func (d *decoder) boolean(n *yaml.Node, v reflect.Value, field string) {
	if n.Kind != yaml.ScalarNode || n.Style != 0 || n.Value != "true" && n.Value != "false" {
		d.invalid(n, field, brief(n), "true, false")
		return
	}
	v.SetBool(n.Value == "true")
}

func (d *decoder) text(n *yaml.Node, v reflect.Value, field string, tag reflect.StructTag) {
	number := v.Type() == reflect.TypeFor[Quantity]() && (n.Tag == node.TagInt || n.Tag == node.TagFloat)
	if n.Kind != yaml.ScalarNode || n.Tag != node.TagString && !number {
		allowed := "a string (in quotes where it looks like something else)"
		if tag.Get("enum") != "" {
			allowed = allowedBy(v.Type(), tag)
		}
		d.invalid(n, field, brief(n), allowed)
		return
	}
	if enum := tag.Get("enum"); enum != "" {
		for _, allowed := range strings.Split(enum, ",") {
			if n.Value == allowed {
				v.SetString(n.Value)
				return
			}
		}
		d.invalid(n, field, n.Value, strings.ReplaceAll(enum, ",", ", "))
		return
	}
	if f, ok := formats[tag.Get("format")]; ok && (len(n.Value) > f.max || !f.valid(n.Value)) {
		d.unfit(n, field, f)
		return
	}
	if strings.ContainsRune(n.Value, 0) || len(n.Value) > 32<<10 {
		d.invalid(n, field, n.Value, "text without NUL, at most 32 KiB")
		return
	}
	v.SetString(n.Value)
}

// unfit reports a value that is not of its format.
func (d *decoder) unfit(n *yaml.Node, field string, f format) {
	why, allowed := "", f.allowed
	if f.fault != nil {
		why, allowed = f.fault(n.Value)
	}
	if why == "" { // it is the plain pattern that does not fit
		d.invalid(n, field, n.Value, f.allowed)
		return
	}
	d.invalid(n, field, n.Value, allowed)
	d.errs[len(d.errs)-1].Problem += ": " + why
}

func (p *Duration) decodeNode(d *decoder, n *yaml.Node, field string) {
	parsed, err := ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		d.invalid(n, field, brief(n), durationAllowed)
		return
	}
	*p = parsed
}

func (p *IntOrName) decodeNode(d *decoder, n *yaml.Node, field string) {
	i, err := strconv.Atoi(n.Value)
	switch {
	case n.Kind == yaml.ScalarNode && n.Style == 0 && plainInt(n.Value) && err == nil && i >= 1 && i <= 65535:
		p.Int = i
	case n.Kind == yaml.ScalarNode && n.Tag == node.TagString && len(n.Value) <= formats["portName"].max && formats["portName"].valid(n.Value):
		p.Name = n.Value
	default:
		d.invalid(n, field, brief(n), "1 to 65535, or the port's name")
	}
}

func (p *Images) decodeNode(d *decoder, n *yaml.Node, field string) {
	const allowed = "a mapping of container names to images"
	switch {
	case n.Kind != yaml.MappingNode:
		d.invalid(n, field, brief(n), allowed)
		return
	case len(n.Content) == 0:
		d.fail(n, field, "is empty", allowed)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, at := n.Content[i], join(field, n.Content[i].Value)
		if seen[key.Value] {
			d.fail(key, at, "is given twice", "once")
		}
		seen[key.Value] = true
		if f := formats["dns1123label"]; !f.valid(key.Value) || len(key.Value) > f.max {
			d.invalid(key, at, key.Value, f.allowed)
		}
		entry := ContainerImage{Container: key.Value}
		d.value(n.Content[i+1], reflect.ValueOf(&entry.Image).Elem(), at, `format:"image"`)
		*p = append(*p, entry)
	}
}

// applyDefaults fills every field that was not given and has a default.
func applyDefaults(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			applyDefaults(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			applyDefaults(v.Index(i))
		}
	case reflect.Struct:
		for i, f := range fieldsOf(v.Type()) {
			if f.IsExported() {
				applyDefault(v.Field(i), f.byDefault)
				applyDefaults(v.Field(i))
			}
		}
	}
}

func applyDefault(v reflect.Value, text string) {
	if text == "" || !v.IsZero() {
		return
	}
	switch v.Interface().(type) {
	case int:
		i, _ := strconv.Atoi(text)
		v.SetInt(int64(i))
	case *Duration:
		d, _ := ParseDuration(text)
		v.Set(reflect.ValueOf(&d))
	case string:
		v.SetString(text)
	}
}

// allowedBy says what the rules of a field allow.
func allowedBy(t reflect.Type, tag reflect.StructTag) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f, ok := formats[tag.Get("format")]; ok {
		return f.allowed
	}
	if enum := tag.Get("enum"); enum != "" {
		return strings.ReplaceAll(enum, ",", ", ")
	}
	switch {
	case t == reflect.TypeFor[Duration]():
		return durationAllowed
	case t.Kind() == reflect.Int:
		return fmt.Sprintf("%d to %d", tagInt(tag, "min", 0), tagInt(tag, "max", 999999999))
	case t == reflect.TypeFor[Pause]():
		return "{} (until promoted) or {duration: 10m}"
	case t.Kind() == reflect.Struct:
		return "a mapping of " + strings.Join(fieldNames(t), ", ")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "a list of mappings of " + strings.Join(fieldNames(t.Elem()), ", ")
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true, false"
	}
	return "text"
}

// brief shows a node in an error: a scalar as it is written, else its kind.
func brief(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value
	case yaml.SequenceNode:
		return "a list"
	}
	return "a mapping"
}

// join is the path of a field in another. A key that is no name of ours is quoted and cut, for whoever wrote it chose every byte of it.
func join(field, name string) string {
	if !plainKey(name) {
		name = excerpt(name)
	}
	if field == "" {
		return name
	}
	return field + "." + name
}

func tagInt(tag reflect.StructTag, key string, otherwise int) int {
	if i, err := strconv.Atoi(tag.Get(key)); err == nil {
		return i
	}
	return otherwise
}
