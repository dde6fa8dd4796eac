package render

import (
	"reflect"
	"strings"
	"sync"
)

// structField is what the decoder asks of a field of a struct, whose tags are text.
type structField struct {
	reflect.StructField
	name      string // in the file, "" for a field that is not there
	required  bool
	unless    string // a field that does in its place
	byDefault string
}

// structs is what was asked of reflect before, by type.
var structs sync.Map

func fieldsOf(t reflect.Type) []structField {
	if known, ok := structs.Load(t); ok {
		return known.([]structField)
	}
	list := make([]structField, t.NumField())
	for i := range list {
		f := t.Field(i)
		unless := f.Tag.Get("unless")
		list[i] = structField{f, jsonName(f), f.Tag.Get("required") == "true" || unless != "", unless, f.Tag.Get("default")}
	}
	structs.Store(t, list)
	return list
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range fieldsOf(t) {
		if f.name != "" {
			names = append(names, f.name)
		}
	}
	return names
}
