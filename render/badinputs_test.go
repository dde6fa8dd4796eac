package render_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render"
)

// good is the spec that every case below changes a little.
const good = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata:
  name: shop
  namespace: web
spec:
  image: example.com/shop:2
  stable:
    image: example.com/shop:1
  port: 8080
  replicas: 4
  imagePullPolicy: Always
  env:
  - name: LEVEL
    value: info
  resources:
    requests:
      cpu: 100m
  service:
    port: 80
    name: web
    targetPort: web
  route:
    host: shop.example.com
    path: /cart
    match:
    - header:
        name: X-Canary
  steps:
  - setWeight: 20
  - pause:
      duration: 10m
  - setWeight: 50
`

var (
	goodRoute  = between("  route:\n", "  steps:\n")
	goodHeader = between("    - header:\n", "  steps:\n")
	goodSteps  = good[strings.Index(good, "  steps:\n"):]
)

// gateway is good with another route.
func gateway(route string) string {
	return strings.Replace(good, goodRoute, "  route:\n    router: gateway-api\n"+route, 1)
}

const gatewayHost = "    host: a.example.com\n    parentRefs: [{name: a}]\n"

func letters(n int) []string {
	return strings.Split("abcdefghijklmnopqrstuvwxyz"[:n], "")
}

func between(from, to string) string {
	return good[strings.Index(good, from):strings.Index(good, to)]
}

// swap is good with each first text replaced by the one after it. Each has to stand there exactly once.
func swap(pairs ...string) string {
	text := good
	for i := 0; i < len(pairs); i += 2 {
		if n := strings.Count(text, pairs[i]); n != 1 {
			panic(fmt.Sprintf("%q stands %d times in the good spec", pairs[i], n))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func lines(l ...string) string { return strings.Join(l, "\n") }

// manySteps are n steps with the weights 0, 1, 2, ...
func manySteps(n int) string {
	var b strings.Builder
	b.WriteString("  steps:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - setWeight: %d\n", i)
	}
	return b.String()
}

// stairs is a mapping in a mapping in a mapping, n deep.
func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// laughs is the billion laughs: 9 aliases of 9 aliases, nine times over.
func laughs() string {
	text := "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n"
	for c := 'b'; c < 'j'; c++ {
		text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	return text
}

func inUTF16(s string) string {
	data := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(s)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return string(data)
}

// The long texts of what is allowed; the short ones stand in the cases.
const (
	allowedSpec      = "base, image, images, stable, port, replicas, minPods, canaryScale, dynamicStableScale, imagePullPolicy, env, resources, defaults, service, route, routes, canaryMetadata, stableMetadata, steps, settle, output"
	allowedRoute     = "router, class, parentRefs, protocol, host, hosts, path, paths, pathType, filters, rules, tls, match, weightTotal"
	allowedStep      = "name, setWeight, pause, setCanaryScale, setHeaderRoute"
	allowedImage     = "an image reference such as registry.example.com/team/app:1.2 or app@sha256:<64 hex digits>"
	allowedName      = "lower-case letters, digits and -, beginning with a letter and ending with a letter or digit, at most 63 characters"
	allowedLabel     = "lower-case letters, digits and -, beginning and ending with a letter or digit, at most 63 characters"
	allowedStepName  = "lower-case letters, digits and -, beginning with a letter and ending with a letter or digit, at most 40 characters"
	allowedSubdomain = "lower-case letters, digits, - and ., each part beginning and ending with a letter or digit, at most 253 characters"
	allowedPortName  = "lower-case letters, digits and single -, with at least one letter, at most 15 characters"
	allowedHost      = "a DNS name in lower case such as shop.example.com, or with one leading wildcard label such as *.example.com"
	allowedPath      = "an absolute path of letters, digits and . _ - /, at most 255 characters, without //, /./ or /../"
	allowedHeader    = "letters, digits and - (not a header that HTTP itself uses, such as Host, Cookie or Connection), at most 63 characters"
	allowedValue     = "letters, digits and . _ ~ / : -, at most 200 characters"
	allowedCookie    = "letters, digits and . _ ~ -, at most 63 characters"
	allowedDuration  = "whole seconds (30) or hours, minutes and seconds (90s, 10m, 1h30m), at most 8760h"
	allowedOutput    = "a relative path of letters, digits and . _ - / that stays inside the repository and out of .git, at most 200 characters"
	allowedString    = "a string (in quotes where it looks like something else)"
	allowedKind      = "exactly one of setWeight, pause, setCanaryScale, setHeaderRoute"
	allowedRules     = "at most one header and one cookie at a time: ingress-nginx has one annotation for each"
	allowedPause     = "{} (until promoted) or {duration: 10m}"
)

// What is allowed of a pattern, by what is wrong with it.
const (
	patternChars   = "printable ASCII without quotes, backquotes and semicolons"
	patternLength  = "at most 200 characters"
	patternRE2     = "a regular expression that RE2 and PCRE read alike"
	patternGroups  = "( ) and (?: ) for groups"
	patternGroups3 = "at most 3 groups"
	patternWords   = "at most 10 alternatives"
	patternEscapes = `the escapes \d \w \s \b with their capitals, and \ before punctuation`
	patternRepeats = "no repetition of something that repeats or chooses: it can take for ever"
	patternTimes   = "at most 64"
	patternOpen    = "at most 2"
	patternChoices = "at most 4"
)

// TestBadInputs goes through sections A to D of the catalogue of bad inputs (the number in front of a name is its entry there) and whatever else came to
// mind: what is wrong, and all of the error's text. A case under "PRODUCT:" fails until the product does what it says.
func TestBadInputs(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // the lines of the error, without "canary.yaml:" in front of each
	}{

		// A. YAML layer
		{"1 empty file", "", "1:1: file is empty: allowed one document of kind Canary"},
		{"1 only blank lines", " \n\n", "1:1: file is empty: allowed one document of kind Canary"},
		{"2 only comments", "# nothing\n# here\n", "1:1: file is empty: allowed one document of kind Canary"},
		{"2 only a document marker", "---\n", "2:1: is empty: allowed a mapping of apiVersion, kind, metadata, spec"},
		{"2 null", "null\n", "1:1: is empty: allowed a mapping of apiVersion, kind, metadata, spec"},
		{"3 two documents", good + "---\nkind: Canary\n", "34:1: a second document begins here: allowed exactly one document in a file"},
		{"3 an empty second document", good + "---\n", "34:1: a second document begins here: allowed exactly one document in a file"},
		{"3 a second document that is not YAML", good + "---\n{\n", "35:1: is not YAML: did not find expected node content"},
		{"4 tab indent", swap("  name: shop\n", "\tname: shop\n"), "4:1: is not YAML: found character that cannot start any token (a tab? YAML is indented by spaces)"},
		{"5 invalid UTF-8", swap("value: info", "value: in\xfffo"), "15:1: is not UTF-8: allowed UTF-8 text"},
		{"5 UTF-16", inUTF16(good), "1:1: is not UTF-8: allowed UTF-8 text"},
		{"5 a NUL", swap("value: info", "value: in\x00fo"), "15:14: is not YAML: control characters are not allowed"},
		{"6 duplicate key setWeight in one step", swap("- setWeight: 20\n", "- setWeight: 20\n    setWeight: 30\n"), "31:5: spec.steps[0].setWeight: is given twice: allowed once"},
		{"6 duplicate section", swap("steps:\n", "port: 9090\n  steps:\n"), "29:3: spec.port: is given twice: allowed once"},
		{"6 duplicate resource", swap("cpu: 100m\n", "cpu: 100m\n      cpu: 200m\n"), "19:7: spec.resources.requests.cpu: is given twice: allowed once"},
		{"7 unknown field setWeigth", swap("setWeight: 20", "setWeigth: 20"), "30:5: spec.steps[0].setWeigth: field is unknown (did you mean setWeight?): allowed " + allowedStep},
		{"7 unknown field by case", swap("setWeight: 20", "setweight: 20"), "30:5: spec.steps[0].setweight: field is unknown (did you mean setWeight?): allowed " + allowedStep},
		{"7 unknown field near none", swap("setWeight: 20", "analysis: 20"), "30:5: spec.steps[0].analysis: is an analysis that gitramp does not have: allowed " + allowedStep},
		{"7 unknown field at the top", swap("kind: Canary\n", "kind: Canary\nstatus: {}\n"), "3:1: status: field is unknown: allowed apiVersion, kind, metadata, spec"},
		{"7 unknown field of metadata", swap("name: shop\n", "name: shop\n  labels: {}\n"), "5:3: metadata.labels: field is unknown: allowed name, namespace, annotations"},
		{"7 unknown field of a route", swap("host: shop.example.com\n", "host: shop.example.com\n    hots: [a.example.com]\n"), "25:5: spec.route.hots: field is unknown (did you mean host?): allowed " + allowedRoute},
		{"7 unknown field given twice", swap("replicas: 4\n", "replica: 4\n  replica: 4\n"), lines(
			"11:3: spec.replica: field is unknown (did you mean replicas?): allowed "+allowedSpec,
			"12:3: spec.replica: is given twice: allowed once",
		)},
		{"7 a number for a key", swap("replicas: 4\n", "replicas: 4\n  8080: x\n"), "12:3: spec.8080: field is unknown: allowed " + allowedSpec},
		{"7 a list for a key", swap("replicas: 4\n", "replicas: 4\n  ? [a]\n  : x\n"), `12:5: spec."": field is unknown: allowed ` + allowedSpec},
		{"7 control characters in a key", swap("replicas: 4\n", "replicas: 4\n  \"x\\ny\\e[31m\": 1\n"), `12:3: spec."x\ny\x1b[31m": field is unknown: allowed ` + allowedSpec},
		{"7 a key of 200 characters", swap("replicas: 4\n", "replicas: 4\n  "+strings.Repeat("k", 200)+": 1\n"), `12:3: spec."` + strings.Repeat("k", 80) + `...": field is unknown: allowed ` + allowedSpec},
		{"8 anchor", swap("value: info", "value: &level info"), "15:12: anchor &level is not supported: allowed the value itself, wherever it is needed"},
		{"8 anchor and alias", swap("image: example.com/shop:1", "image: &i example.com/shop:1\n  image2: *i"), lines(
			"9:12: anchor &i is not supported: allowed the value itself, wherever it is needed",
			"10:11: alias *i is not supported: allowed the value itself",
		)},
		{"9 billion laughs", laughs(), lines(
			"1:4: anchor &a is not supported: allowed the value itself, wherever it is needed",
			"2:4: anchor &b is not supported: allowed the value itself, wherever it is needed",
			"2:8: alias *a is not supported: allowed the value itself",
		)},
		{"10 nesting 10,000, flow", "spec: " + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + "\n", "1:38: is nested too deeply: allowed at most 32 levels"},
		{"10 nesting 40, flow", "spec: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", "1:38: is nested too deeply: allowed at most 32 levels"},
		{"10 nesting 200, block", stairs(200), lines(
			"32:32: is nested too deeply: allowed at most 32 levels",
			"33:33: is nested too deeply: allowed at most 32 levels",
		)},
		{"11 300 KiB file", good + strings.Repeat("#", 300<<10), " file of 307729 bytes is too large: allowed at most 256 KiB"},
		{"12 a list", "- apiVersion: gitramp.dev/v1alpha1\n", `1:1: is a list: allowed a mapping of apiVersion, kind, metadata, spec`},
		{"12 a scalar", "canary\n", `1:1: value "canary" is invalid: allowed a mapping of apiVersion, kind, metadata, spec`},
		{"12 a number", "20\n", `1:1: value "20" is invalid: allowed a mapping of apiVersion, kind, metadata, spec`},
		{"13 JSON, a mistake in it", "{\"apiVersion\": \"gitramp.dev/v1alpha1\", \"kind\": \"Canary\",\n\t\"metadata\": {\"name\": \"shop\"},\n\t\"spec\": {\"image\": \"shop:2\", \"port\": 8080, \"route\": {\"host\": \"shop.example.com\"},\n\t\t\"steps\": [{\"setWeight\": 120}, {\"setWeigth\": 20}]}}\n", lines(
			`4:27: spec.steps[0].setWeight: value "120" is invalid: allowed 0 to 100`,
			"4:34: spec.steps[1].setWeigth: field is unknown (did you mean setWeight?): allowed "+allowedStep,
		)},
		{"13 JSON, duplicate key", "{\"apiVersion\": \"gitramp.dev/v1alpha1\", \"kind\": \"Canary\", \"kind\": \"Canary\", \"metadata\": {\"name\": \"shop\"}, \"spec\": {\"image\": \"shop:2\", \"port\": 8080, \"route\": {\"host\": \"shop.example.com\"}, \"steps\": [{\"setWeight\": 20}]}}\n", "1:58: kind: is given twice: allowed once"},
		{"13 JSON, cut off", "{\"apiVersion\": \"gitramp.dev/v1alpha1\", \"kind\": \"Canary\"\n", "1:1: is not YAML: did not find expected ',' or '}'"},
		{"not YAML: an unclosed quote", swap("value: info", `value: "info`), "15:1: is not YAML: found unexpected end of stream"},
		{"not YAML: a colon too many", swap("value: info", "value: info: x"), "15:1: is not YAML: mapping values are not allowed in this context (a value with a colon and a space in it needs quotes)"},
		{"apiVersion missing", swap("apiVersion: gitramp.dev/v1alpha1\n", ""), "1:1: apiVersion: is missing: allowed gitramp.dev/v1alpha1"},
		{"apiVersion of another version", swap("gitramp.dev/v1alpha1", "gitramp.dev/v1"), `1:13: apiVersion: value "gitramp.dev/v1" is invalid: allowed gitramp.dev/v1alpha1`},
		{"kind of Argo Rollouts", swap("kind: Canary", "kind: Rollout"), `2:7: kind: value "Rollout" is invalid: allowed Canary`},
		{"kind missing and metadata missing", swap("kind: Canary\nmetadata:\n  name: shop\n  namespace: web\n", ""), lines(
			"1:1: kind: is missing: allowed Canary",
			"1:1: metadata: is missing: allowed a mapping of name, namespace, annotations",
		)},
		{"spec is empty", swap(good[strings.Index(good, "spec:\n"):], "spec: {}\n"), lines(
			"6:7: spec.port: is missing: allowed 1 to 65535",
			"6:7: spec.steps: is missing: allowed a list of mappings of name, setWeight, pause, setCanaryScale, setHeaderRoute",
			"6:7: spec: has no image: allowed image, or images with one for container shop",
			"6:7: spec: has no route: allowed route with at least a host",
		)},
		{"spec is null", swap(good[strings.Index(good, "spec:\n"):], "spec:\n"), "6:6: spec: is empty: allowed a mapping of " + allowedSpec},
		{"metadata is a string", swap("metadata:\n  name: shop\n  namespace: web\n", "metadata: shop\n"), `3:11: metadata: value "shop" is invalid: allowed a mapping of name, namespace, annotations`},
		{"a list where a mapping belongs", swap("service:\n    port: 80\n    name: web\n    targetPort: web\n", "service: [80]\n"), `19:12: spec.service: is a list: allowed a mapping of port, name, targetPort, appProtocol`},
		{"a mapping where a list belongs", swap("env:\n  - name: LEVEL\n    value: info\n", "env:\n    LEVEL: info\n"), `14:5: spec.env: is a mapping: allowed a list of mappings of name, value, valueFrom`},
		{"a mapping where a string belongs", swap("image: example.com/shop:2", "image: {name: shop}"), `7:10: spec.image: is a mapping: allowed ` + allowedString},
		{"a number where a string belongs", swap("value: info", "value: 20"), `15:12: spec.env[0].value: value "20" is invalid: allowed ` + allowedString},
		{"a boolean where a string belongs", swap("value: info", "value: true"), `15:12: spec.env[0].value: value "true" is invalid: allowed ` + allowedString},
		{"a boolean where one of a few words belongs", swap("imagePullPolicy: Always\n", "imagePullPolicy: true\n"), `12:20: spec.imagePullPolicy: value "true" is invalid: allowed Always, IfNotPresent, Never`},
		{"a date where a string belongs", swap("value: info", "value: 2026-11-22"), `15:12: spec.env[0].value: value "2026-11-22" is invalid: allowed ` + allowedString},
		{"control characters in a value are escaped", swap("image: example.com/shop:2", `image: "a\e[31mb\nc"`), `7:10: spec.image: value "a\x1b[31mb\nc" is invalid: allowed ` + allowedImage},
		{"a value is cut at 80 characters", swap("image: example.com/shop:2", "image: "+strings.Repeat("A", 100)), `7:10: spec.image: value "` + strings.Repeat("A", 80) + `..." is invalid: allowed ` + allowedImage},
		{"text beyond 32 KiB", swap("value: info", "value: "+strings.Repeat("x", 40000)), `15:12: spec.env[0].value: value "` + strings.Repeat("x", 80) + `..." is invalid: allowed text without NUL, at most 32 KiB`},

		// B. Weights and steps
		{"15 weight 101", swap("setWeight: 20", "setWeight: 101"), `30:16: spec.steps[0].setWeight: value "101" is invalid: allowed 0 to 100`},
		{"15 weight beyond every total", swap("setWeight: 20", "setWeight: 1000001"), `30:16: spec.steps[0].setWeight: value "1000001" is invalid: allowed 0 to 100`},
		{"16 weight -1", swap("setWeight: 20", "setWeight: -1"), `30:16: spec.steps[0].setWeight: value "-1" is invalid: allowed 0 to 100`},
		{"16 weight -0", swap("setWeight: 20", "setWeight: -0"), `30:16: spec.steps[0].setWeight: value "-0" is invalid: allowed 0 to 100`},
		{"16 weight +20", swap("setWeight: 20", "setWeight: +20"), `30:16: spec.steps[0].setWeight: value "+20" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{`17 weight "20%"`, swap("setWeight: 20", `setWeight: "20%"`), `30:16: spec.steps[0].setWeight: value "20%" is invalid: allowed 0 to 100`},
		{"17 weight 20%", swap("setWeight: 20", "setWeight: 20%"), `30:16: spec.steps[0].setWeight: value "20%" is invalid: allowed 0 to 100`},
		{"17 weight in quotes", swap("setWeight: 20", `setWeight: "20"`), `30:16: spec.steps[0].setWeight: value "20" is invalid: allowed 0 to 100, without quotes`},
		{"18 weight 20.5", swap("setWeight: 20", "setWeight: 20.5"), `30:16: spec.steps[0].setWeight: value "20.5" is invalid: allowed 0 to 100, as a whole number in plain digits (for half a percent set weightTotal: 1000 in the route, and setWeight: 5)`},
		{"18 weight 2.5 of another total", swap("path: /cart\n", "path: /cart\n    weightTotal: 1000\n", "setWeight: 20", "setWeight: 2.5"), `31:16: spec.steps[0].setWeight: value "2.5" is invalid: allowed 0 to 1000, as a whole number in plain digits`},
		{"18 weight 2.5 without a route", swap(goodRoute, "", "setWeight: 20", "setWeight: 2.5"), lines("7:3: spec: has no route: allowed route with at least a host",
			`24:16: spec.steps[0].setWeight: value "2.5" is invalid: allowed 0 to 100, as a whole number in plain digits (for half a percent set weightTotal: 1000 in the route, and setWeight: 5)`)},
		{"19 weight 020", swap("setWeight: 20", "setWeight: 020"), `30:16: spec.steps[0].setWeight: value "020" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"19 weight 0o24", swap("setWeight: 20", "setWeight: 0o24"), `30:16: spec.steps[0].setWeight: value "0o24" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"20 weight 1_0", swap("setWeight: 20", "setWeight: 1_0"), `30:16: spec.steps[0].setWeight: value "1_0" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"20 weight 0x14", swap("setWeight: 20", "setWeight: 0x14"), `30:16: spec.steps[0].setWeight: value "0x14" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"20 weight 2e1", swap("setWeight: 20", "setWeight: 2e1"), `30:16: spec.steps[0].setWeight: value "2e1" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"20 weight 20.0", swap("setWeight: 20", "setWeight: 20.0"), `30:16: spec.steps[0].setWeight: value "20.0" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"20 weight .inf", swap("setWeight: 20", "setWeight: .inf"), `30:16: spec.steps[0].setWeight: value ".inf" is invalid: allowed 0 to 100, as a whole number in plain digits`},
		{"21 weight null", swap("setWeight: 20", "setWeight: null"), "30:16: spec.steps[0].setWeight: is empty: allowed 0 to 100"},
		{"21 weight ~", swap("setWeight: 20", "setWeight: ~"), "30:16: spec.steps[0].setWeight: is empty: allowed 0 to 100"},
		{"21 weight missing", swap("- setWeight: 20\n", "- name: first\n"), "30:5: spec.steps[0]: says nothing: allowed " + allowedKind},
		{"21 a step of nothing", swap("- setWeight: 20\n", "- {}\n"), "30:5: spec.steps[0]: says nothing: allowed " + allowedKind},
		{"21 a step that is null", swap("- setWeight: 20\n", "-\n"), "30:4: spec.steps[0]: is empty: allowed a mapping of " + allowedStep},
		{"21 a step that is a number", swap("- setWeight: 20\n", "- 20\n"), `30:5: spec.steps[0]: value "20" is invalid: allowed a mapping of ` + allowedStep},
		{"21 weight a mapping", swap("setWeight: 20", "setWeight: {weight: 20}"), `30:16: spec.steps[0].setWeight: is a mapping: allowed 0 to 100`},
		{"22 weight 99999999999999999999", swap("setWeight: 20", "setWeight: 99999999999999999999"), `30:16: spec.steps[0].setWeight: value "99999999999999999999" is invalid: allowed 0 to 100`},
		{"23 steps empty", swap(goodSteps, "  steps: []\n"), "29:10: spec.steps: is an empty list: allowed at least 1 entry"},
		{"23 steps null", swap(goodSteps, "  steps:\n"), "29:9: spec.steps: is empty: allowed a list of mappings of name, setWeight, pause, setCanaryScale, setHeaderRoute"},
		{"23 steps missing", swap(goodSteps, ""), "7:3: spec.steps: is missing: allowed a list of mappings of name, setWeight, pause, setCanaryScale, setHeaderRoute"},
		{"23 steps a mapping", swap(goodSteps, "  steps:\n    setWeight: 20\n"), `30:5: spec.steps: is a mapping: allowed a list of mappings of name, setWeight, pause, setCanaryScale, setHeaderRoute`},
		{"24 decreasing 50, 20", swap(goodSteps, "  steps:\n  - setWeight: 50\n  - setWeight: 20\n"), `31:16: spec.steps[1].setWeight: value "20" is invalid: allowed more than 50, the weight before it: weights only go up`},
		{"24 decreasing 50, 20, 30", swap(goodSteps, "  steps:\n  - setWeight: 50\n  - setWeight: 20\n  - setWeight: 30\n"), lines(
			`31:16: spec.steps[1].setWeight: value "20" is invalid: allowed more than 50, the weight before it: weights only go up`,
			`32:16: spec.steps[2].setWeight: value "30" is invalid: allowed more than 50, the weight before it: weights only go up`,
		)},
		{"24 decreasing behind a pause", swap(goodSteps, "  steps:\n  - setWeight: 100\n  - pause: {}\n  - setWeight: 0\n"), `32:16: spec.steps[2].setWeight: comes after the whole weight: allowed no setWeight any more: weights only go up`},
		{"25 duplicate 20, 20", swap("setWeight: 50", "setWeight: 20"), `33:16: spec.steps[2].setWeight: value "20" is invalid: allowed more than 20, the weight before it: weights only go up`},
		{"26 1,000 steps", swap(goodSteps, manySteps(1000)), "30:3: spec.steps: has 1000 entries: allowed at most 90"},
		{"26 91 steps", swap(goodSteps, manySteps(91)), "30:3: spec.steps: has 91 entries: allowed at most 90"},
		{"27 weightTotal 10", swap("path: /cart\n", "path: /cart\n    weightTotal: 10\n"), `26:18: spec.route.weightTotal: value "10" is invalid: allowed 100 to 1000000`},
		{"27 weightTotal 99", swap("path: /cart\n", "path: /cart\n    weightTotal: 99\n"), `26:18: spec.route.weightTotal: value "99" is invalid: allowed 100 to 1000000`},
		{"27 weightTotal 1000001", swap("path: /cart\n", "path: /cart\n    weightTotal: 1000001\n"), `26:18: spec.route.weightTotal: value "1000001" is invalid: allowed 100 to 1000000`},
		{"rules beside path and pathType", swap("path: /cart\n", "path: /cart\n    pathType: Exact\n    rules: [{paths: [/a]}]\n"),
			"25:11: spec.route.path: is given beside rules: allowed in an entry of rules\n26:15: spec.route.pathType: is given beside rules: allowed in an entry of rules"},
		{"rules without an entry", swap("path: /cart\n", "rules: []\n"), `25:12: spec.route.rules: is an empty list: allowed at least 1 entry`},
		{"a rule without paths", swap("path: /cart\n", "rules: [{pathType: Exact}, {paths: []}]\n"),
			"25:13: spec.route.rules[0].paths: is missing: allowed " + allowedPath + "\n25:40: spec.route.rules[1].paths: is an empty list: allowed at least 1 entry"},
		{"a path in two rules", swap("path: /cart\n", "rules: [{paths: [/a, /b]}, {paths: [/b]}, {paths: [/b], pathType: Exact}]\n"),
			`25:41: spec.route.rules[1].paths[0]: value "/b" is invalid: allowed each path of a type once`},
		{"27 weight above weightTotal", swap("path: /cart\n", "path: /cart\n    weightTotal: 1000\n", "setWeight: 50", "setWeight: 1001"), `34:16: spec.steps[2].setWeight: value "1001" is invalid: allowed 0 to 1000`},
		{"28 pause of a bare number, without duration", swap("- pause:\n      duration: 10m\n", "- pause: 30\n"), `31:12: spec.steps[1].pause: value "30" is invalid: allowed ` + allowedPause},
		{"28 pause of a duration, without duration", swap("- pause:\n      duration: 10m\n", "- pause: 10m\n"), `31:12: spec.steps[1].pause: value "10m" is invalid: allowed ` + allowedPause},
		{"28 pause null", swap("- pause:\n      duration: 10m\n", "- pause:\n"), "31:11: spec.steps[1].pause: is empty: allowed " + allowedPause},
		{"28 pause true", swap("- pause:\n      duration: 10m\n", "- pause: true\n"), `31:12: spec.steps[1].pause: value "true" is invalid: allowed ` + allowedPause},
		{"28 duration -5s", swap("duration: 10m", "duration: -5s"), `32:17: spec.steps[1].pause.duration: value "-5s" is invalid: allowed ` + allowedDuration},
		{"28 duration 1y", swap("duration: 10m", "duration: 1y"), `32:17: spec.steps[1].pause.duration: value "1y" is invalid: allowed ` + allowedDuration},
		{"28 duration 1e9h", swap("duration: 10m", "duration: 1e9h"), `32:17: spec.steps[1].pause.duration: value "1e9h" is invalid: allowed ` + allowedDuration},
		{"28 duration 1.5h", swap("duration: 10m", "duration: 1.5h"), `32:17: spec.steps[1].pause.duration: value "1.5h" is invalid: allowed ` + allowedDuration},
		{"28 duration 1h 30m", swap("duration: 10m", "duration: 1h 30m"), `32:17: spec.steps[1].pause.duration: value "1h 30m" is invalid: allowed ` + allowedDuration},
		{"28 duration 30m1h", swap("duration: 10m", "duration: 30m1h"), `32:17: spec.steps[1].pause.duration: value "30m1h" is invalid: allowed ` + allowedDuration},
		{"28 duration 8761h", swap("duration: 10m", "duration: 8761h"), `32:17: spec.steps[1].pause.duration: value "8761h" is invalid: allowed ` + allowedDuration},
		{"28 duration 99999999999s", swap("duration: 10m", "duration: 99999999999s"), `32:17: spec.steps[1].pause.duration: value "99999999999s" is invalid: allowed ` + allowedDuration},
		{`28 duration ""`, swap("duration: 10m", `duration: ""`), `32:17: spec.steps[1].pause.duration: value "" is invalid: allowed ` + allowedDuration},
		{"28 duration ~", swap("duration: 10m", "duration: ~"), "32:17: spec.steps[1].pause.duration: is empty: allowed " + allowedDuration},
		{"28 duration 10ms", swap("duration: 10m", "duration: 10ms"), `32:17: spec.steps[1].pause.duration: value "10ms" is invalid: allowed ` + allowedDuration},
		{"28 duration -30", swap("duration: 10m", "duration: -30"), `32:17: spec.steps[1].pause.duration: value "-30" is invalid: allowed ` + allowedDuration},
		{"28 duration {}", swap("duration: 10m", "duration: {}"), `32:17: spec.steps[1].pause.duration: is a mapping: allowed ` + allowedDuration},
		{"28 duration 030", swap("duration: 10m", "duration: 030"), `32:17: spec.steps[1].pause.duration: value "030" is invalid: allowed ` + allowedDuration},
		{"28 duration 1d", swap("duration: 10m", "duration: 1d"), `32:17: spec.steps[1].pause.duration: value "1d" is invalid: allowed ` + allowedDuration},
		{"28 settle 10 minutes", swap(goodSteps, "  settle: 10 minutes\n"+goodSteps), `29:11: spec.settle: value "10 minutes" is invalid: allowed ` + allowedDuration},
		{"two kinds in one step", swap("- setWeight: 20\n", "- setWeight: 20\n    pause: {}\n"), "30:5: spec.steps[0]: says 2 things at once: allowed " + allowedKind},
		{"setMirrorRoute", swap("- setWeight: 20\n", "- setMirrorRoute: {name: m}\n"), "30:5: spec.steps[0].setMirrorRoute: is an Argo Rollouts step that gitramp does not have: allowed " + allowedStep},
		{"name of a step uppercase", swap("- setWeight: 20\n", "- setWeight: 20\n    name: First_Step\n"), `31:11: spec.steps[0].name: value "First_Step" is invalid: allowed ` + allowedStepName},
		{"name of a step of 41 characters", swap("- setWeight: 20\n", "- setWeight: 20\n    name: "+strings.Repeat("a", 41)+"\n"), `31:11: spec.steps[0].name: value "` + strings.Repeat("a", 41) + `" is invalid: allowed ` + allowedStepName},
		// PRODUCT: accepted; the plan's own step becomes promote-2, and --step promote is this one.
		{"name of a step that every plan has", swap("- setWeight: 20\n", "- setWeight: 20\n    name: promote\n"), `31:11: spec.steps[0].name: value "promote" is invalid: allowed a name that no other step of the plan has`},
		{"name of a step twice", swap(goodSteps, "  steps:\n  - setWeight: 20\n    name: first\n  - setWeight: 50\n    name: first\n"), lines(
			`31:11: spec.steps[0].name: value "first" is invalid: allowed a name that no other step of the plan has`,
			`33:11: spec.steps[1].name: value "first" is invalid: allowed a name that no other step of the plan has`,
		)},
		// PRODUCT: accepted; the plan's own step becomes full-2, and --step full is this one.
		{"name full on a step that is not", swap("- setWeight: 20\n", "- setWeight: 20\n    name: full\n"), `31:11: spec.steps[0].name: value "full" is invalid: allowed a name that no other step of the plan has`},
		{"name of a step that another one gets", swap(goodSteps, "  steps:\n  - setWeight: 20\n  - setWeight: 50\n    name: weight-20\n"), `32:11: spec.steps[1].name: value "weight-20" is invalid: allowed a name that no other step of the plan has`},
		{"name on a pause", swap(goodSteps, "  steps:\n  - setWeight: 20\n  - pause: {}\n    name: wait\n"), "32:11: spec.steps[1].name: names a pause: allowed a name on the step that the pause holds: spec.steps[0]"},
		{"setCanaryScale of nothing", swap("- setWeight: 20\n", "- setCanaryScale: {}\n"), "30:21: spec.steps[0].setCanaryScale: says nothing: allowed exactly one of replicas, weight, matchTrafficWeight: true"},
		{"setCanaryScale matchTrafficWeight false", swap("- setWeight: 20\n", "- setCanaryScale: {matchTrafficWeight: false}\n"), "30:21: spec.steps[0].setCanaryScale: says nothing: allowed exactly one of replicas, weight, matchTrafficWeight: true"},
		{"setCanaryScale matchTrafficWeight yes", swap("- setWeight: 20\n", "- setCanaryScale: {matchTrafficWeight: yes}\n"), `30:42: spec.steps[0].setCanaryScale.matchTrafficWeight: value "yes" is invalid: allowed true, false`},
		{"setCanaryScale of two kinds", swap("- setWeight: 20\n", "- setCanaryScale: {replicas: 2, weight: 50}\n"), "30:21: spec.steps[0].setCanaryScale: says 2 things at once: allowed exactly one of replicas, weight, matchTrafficWeight: true"},
		{"setCanaryScale weight 101", swap("- setWeight: 20\n", "- setCanaryScale: {weight: 101}\n"), `30:30: spec.steps[0].setCanaryScale.weight: value "101" is invalid: allowed 0 to 100`},
		{"setCanaryScale replicas -1", swap("- setWeight: 20\n", "- setCanaryScale: {replicas: -1}\n"), `30:32: spec.steps[0].setCanaryScale.replicas: value "-1" is invalid: allowed 0 to 10000`},
		{"setCanaryScale 0 pods with a weight", swap(goodSteps, "  steps:\n  - setCanaryScale: {replicas: 0}\n  - setWeight: 20\n"), "31:5: spec.steps[1]: sends requests to a canary of 0 pods: allowed at least 1 pod by setCanaryScale before it"},
		{"setCanaryScale 0 pods under a weight", swap(goodSteps, "  steps:\n  - setWeight: 20\n  - setCanaryScale: {weight: 0}\n"), "31:5: spec.steps[1]: sends requests to a canary of 0 pods: allowed at least 1 pod by setCanaryScale before it"},
		{"setCanaryScale 1 pod under all of the weight", swap(goodSteps, "  steps:\n  - setWeight: 100\n  - setCanaryScale: {replicas: 1}\n"), "31:5: spec.steps[1]: leaves 1 pod to a canary that gets all requests: allowed at least 4 pods, as many as prod has"},
		{"setHeaderRoute without a name", swap("- setWeight: 20\n", "- setHeaderRoute: {match: [{headerName: X-Staff, headerValue: {exact: a}}]}\n"), "30:21: spec.steps[0].setHeaderRoute.name: is missing: allowed " + allowedLabel},
		{"setHeaderRoute of two matches", swap("- setWeight: 20\n", "- setHeaderRoute: {name: staff, match: [{headerName: A, headerValue: {exact: a}}, {headerName: B, headerValue: {exact: b}}]}\n"), "30:42: spec.steps[0].setHeaderRoute.match: has 2 entries: allowed at most 1"},
		{"setHeaderRoute with an empty headerValue", swap("- setWeight: 20\n", "- setHeaderRoute: {name: staff, match: [{headerName: X-Staff, headerValue: {}}]}\n"), "30:78: spec.steps[0].setHeaderRoute.match[0].headerValue: says nothing: allowed exactly one of exact, prefix, regex"},
		{"setHeaderRoute without headerName and headerValue", swap("- setWeight: 20\n", "- setHeaderRoute: {name: staff, match: [{}]}\n"), lines(
			"30:43: spec.steps[0].setHeaderRoute.match[0].headerName: is missing: allowed "+allowedHeader,
			"30:43: spec.steps[0].setHeaderRoute.match[0].headerValue: is missing: allowed a mapping of exact, prefix, regex",
		)},
		{"setHeaderRoute exact and regex", swap("- setWeight: 20\n", "- setHeaderRoute: {name: staff, match: [{headerName: X-Staff, headerValue: {exact: a, regex: a}}]}\n"), "30:78: spec.steps[0].setHeaderRoute.match[0].headerValue: says 2 things at once: allowed exactly one of exact, prefix, regex"},
		{"setHeaderRoute beside a header in match", swap("- setWeight: 20\n", "- setHeaderRoute: {name: staff, match: [{headerName: X-Staff, headerValue: {exact: a}}]}\n"), lines(
			"30:5: spec.steps[0]: routes what ingress-nginx cannot: allowed " + allowedRules,
		)},
		{"setHeaderRoute ends a rule that is not there", swap("- setWeight: 20\n", "- setHeaderRoute: {name: staff}\n"), `30:28: spec.steps[0].setHeaderRoute.name: value "staff" is invalid: allowed the name of a header rule that is in force, or a match that begins one`},
		{"setHeaderRoute ends a rule twice", swap(goodHeader+goodSteps, "    - cookie:\n        name: c\n  steps:\n  - setHeaderRoute: {name: staff, match: [{headerName: X-Staff, headerValue: {exact: a}}]}\n  - setHeaderRoute: {name: staff}\n  - setHeaderRoute: {name: staff, match: []}\n  - setWeight: 20\n"), `32:28: spec.steps[2].setHeaderRoute.name: value "staff" is invalid: allowed the name of a header rule that is in force, or a match that begins one`},
		{"two header rules at a time", swap(goodHeader+goodSteps, "    - cookie:\n        name: c\n  steps:\n  - setHeaderRoute: {name: staff, match: [{headerName: X-Staff, headerValue: {exact: a}}]}\n  - setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {prefix: a}}]}\n  - setWeight: 20\n"), lines(
			"31:5: spec.steps[1]: routes what ingress-nginx cannot: allowed " + allowedRules,
		)},

		// C. Names and Kubernetes rules
		{"30 name uppercase", swap("name: shop\n", "name: Shop\n"), `4:9: metadata.name: value "Shop" is invalid: allowed ` + allowedName},
		{"30 name underscore", swap("name: shop\n", "name: my_shop\n"), `4:9: metadata.name: value "my_shop" is invalid: allowed ` + allowedName},
		{"30 name trailing dash", swap("name: shop\n", "name: shop-\n"), `4:9: metadata.name: value "shop-" is invalid: allowed ` + allowedName},
		{"30 name leading digit", swap("name: shop\n", "name: 1shop\n"), `4:9: metadata.name: value "1shop" is invalid: allowed ` + allowedName},
		{"30 name a dot", swap("name: shop\n", "name: my.shop\n"), `4:9: metadata.name: value "my.shop" is invalid: allowed ` + allowedName},
		{"30 name empty", swap("name: shop\n", "name: \"\"\n"), `4:9: metadata.name: value "" is invalid: allowed ` + allowedName},
		{"30 name a number", swap("name: shop\n", "name: 20\n"), `4:9: metadata.name: value "20" is invalid: allowed ` + allowedString},
		{"30 name ..", swap("name: shop\n", "name: \"..\"\n"), `4:9: metadata.name: value ".." is invalid: allowed ` + allowedName},
		{"30 name -rf", swap("name: shop\n", "name: -rf\n"), `4:9: metadata.name: value "-rf" is invalid: allowed ` + allowedName},
		{"30 name --upload-pack", swap("name: shop\n", "name: --upload-pack=x\n"), `4:9: metadata.name: value "--upload-pack=x" is invalid: allowed ` + allowedName},
		{"30 name not ASCII", swap("name: shop\n", "name: läden\n"), `4:9: metadata.name: value "läden" is invalid: allowed ` + allowedName},
		{"30 name missing", swap("  name: shop\n", ""), "4:3: metadata.name: is missing: allowed " + allowedName},
		{"31 name of 64 characters", swap("name: shop\n", "name: "+strings.Repeat("a", 64)+"\n"), `4:9: metadata.name: value "` + strings.Repeat("a", 64) + `" is invalid: allowed ` + allowedName},
		{"32 name of 57 characters: the suffix overflows", swap("name: shop\n", "name: "+strings.Repeat("a", 57)+"\n"), lines(
			`4:9: metadata.name: value "`+strings.Repeat("a", 57)+`" with the suffix -canary is too long for the canary's Deployment: allowed at most 56 characters, or a name in spec.output.names.canary.deployment`,
			`4:9: metadata.name: value "`+strings.Repeat("a", 57)+`" with the suffix -canary is too long for the canary's Service: allowed at most 56 characters, or a name in spec.output.names.canary.service`,
		)},
		{"32 name of 63 characters: the suffix overflows", swap("name: shop\n", "name: "+strings.Repeat("a", 63)+"\n"), lines(
			`4:9: metadata.name: value "`+strings.Repeat("a", 63)+`" with the suffix -canary is too long for the canary's Deployment: allowed at most 56 characters, or a name in spec.output.names.canary.deployment`,
			`4:9: metadata.name: value "`+strings.Repeat("a", 63)+`" with the suffix -canary is too long for the canary's Service: allowed at most 56 characters, or a name in spec.output.names.canary.service`,
		)},
		{"33 namespace that is no DNS label", swap("namespace: web", "namespace: Web_Shop"), `5:14: metadata.namespace: value "Web_Shop" is invalid: allowed ` + allowedLabel},
		{"33 namespace of 64 characters", swap("namespace: web", "namespace: "+strings.Repeat("a", 64)), `5:14: metadata.namespace: value "` + strings.Repeat("a", 64) + `" is invalid: allowed ` + allowedLabel},
		{"33 namespace a number", swap("namespace: web", "namespace: 123"), `5:14: metadata.namespace: value "123" is invalid: allowed ` + allowedString},
		{"33 namespace empty", swap("namespace: web", `namespace: ""`), `5:14: metadata.namespace: value "" is invalid: allowed ` + allowedLabel},
		{"34 canary's deployment is called like prod's", swap(goodSteps, "  output:\n    names:\n      canary:\n        deployment: shop\n"+goodSteps), `32:21: spec.output.names.canary.deployment: value "shop" is invalid: allowed another name than prod's`},
		{"34 canary's service is called like prod's", swap(goodSteps, "  output:\n    names:\n      canary:\n        service: shop\n"+goodSteps), `32:18: spec.output.names.canary.service: value "shop" is invalid: allowed another name than prod's`},
		{"34 canary's route is called like prod's", swap(goodSteps, "  output:\n    names:\n      canary:\n        route: shop\n"+goodSteps), `32:16: spec.output.names.canary.route: value "shop" is invalid: allowed another name than prod's`},
		{"34 prod's Deployment is called like the canary's", swap(goodSteps, "  output:\n    names:\n      prod:\n        deployment: shop-canary\n"+goodSteps), `31:7: spec.output.names.canary.deployment: value "shop-canary" is invalid: allowed another name than prod's`},
		{"35 labels cannot be overridden", swap("namespace: web\n", "namespace: web\n  labels: {app: shop-canary}\n"), "6:3: metadata.labels: field is unknown: allowed name, namespace, annotations"},
		{"35 both tracks select the same label", swap(goodSteps, "  output:\n    names:\n      prod: {deployment: same}\n      canary: {deployment: same}\n"+goodSteps), `32:28: spec.output.names.canary.deployment: value "same" is invalid: allowed another name than prod's`},
		{"35 names of the wrong form", swap(goodSteps, "  output:\n    names:\n      prod: {deployment: Prod, service: 1prod, route: prod_ingress}\n      canary: {deployment: \"\", service: canary., route: -c}\n"+goodSteps), lines(
			`31:26: spec.output.names.prod.deployment: value "Prod" is invalid: allowed `+allowedLabel,
			`31:41: spec.output.names.prod.service: value "1prod" is invalid: allowed `+allowedName,
			`31:55: spec.output.names.prod.route: value "prod_ingress" is invalid: allowed `+allowedSubdomain,
			`32:28: spec.output.names.canary.deployment: value "" is invalid: allowed `+allowedLabel,
			`32:41: spec.output.names.canary.service: value "canary." is invalid: allowed `+allowedName,
			`32:57: spec.output.names.canary.route: value "-c" is invalid: allowed `+allowedSubdomain,
		)},
		{"36 port 0", swap("port: 8080", "port: 0"), `10:9: spec.port: value "0" is invalid: allowed 1 to 65535`},
		{"36 port 65536", swap("port: 8080", "port: 65536"), `10:9: spec.port: value "65536" is invalid: allowed 1 to 65535`},
		{"36 port -1", swap("port: 8080", "port: -1"), `10:9: spec.port: value "-1" is invalid: allowed 1 to 65535`},
		{`36 port "8080"`, swap("port: 8080", `port: "8080"`), `10:9: spec.port: value "8080" is invalid: allowed 1 to 65535, without quotes`},
		{"36 port http", swap("port: 8080", "port: http"), `10:9: spec.port: value "http" is invalid: allowed 1 to 65535`},
		{"36 port 8080.0", swap("port: 8080", "port: 8080.0"), `10:9: spec.port: value "8080.0" is invalid: allowed 1 to 65535, as a whole number in plain digits`},
		{"36 port ~", swap("port: 8080", "port: ~"), "10:9: spec.port: is empty: allowed 1 to 65535"},
		{"36 port 080", swap("port: 8080", "port: 080"), `10:9: spec.port: value "080" is invalid: allowed 1 to 65535, as a whole number in plain digits`},
		{"36 port missing", swap("  port: 8080\n", ""), "7:3: spec.port: is missing: allowed 1 to 65535"},
		{"36 targetPort of a name that is not defined", swap("targetPort: web", "targetPort: http"), `22:17: spec.service.targetPort: value "http" is invalid: allowed a port number, or the port's name in spec.service.name`},
		{"36 targetPort 0", swap("targetPort: web", "targetPort: 0"), `22:17: spec.service.targetPort: value "0" is invalid: allowed 1 to 65535, or the port's name`},
		{"36 targetPort 65536", swap("targetPort: web", "targetPort: 65536"), `22:17: spec.service.targetPort: value "65536" is invalid: allowed 1 to 65535, or the port's name`},
		{"36 targetPort in quotes", swap("targetPort: web", `targetPort: "8080"`), `22:17: spec.service.targetPort: value "8080" is invalid: allowed 1 to 65535, or the port's name`},
		{"36 service.port 0", swap("port: 80\n", "port: 0\n"), `20:11: spec.service.port: value "0" is invalid: allowed 1 to 65535`},
		{"36 port name 16 characters", swap("name: web\n    targetPort: web\n", "name: aaaaaaaaaaaaaaaa\n"), `21:11: spec.service.name: value "aaaaaaaaaaaaaaaa" is invalid: allowed ` + allowedPortName},
		{"36 port name uppercase", swap("name: web\n    targetPort: web\n", "name: HTTP\n"), `21:11: spec.service.name: value "HTTP" is invalid: allowed ` + allowedPortName},
		{"36 port name digits only", swap("name: web\n    targetPort: web\n", "name: \"80\"\n"), `21:11: spec.service.name: value "80" is invalid: allowed ` + allowedPortName},
		{"36 port name two dashes", swap("name: web\n    targetPort: web\n", "name: a--b\n"), `21:11: spec.service.name: value "a--b" is invalid: allowed ` + allowedPortName},
		{"36 port name trailing dash", swap("name: web\n    targetPort: web\n", "name: web-\n"), `21:11: spec.service.name: value "web-" is invalid: allowed ` + allowedPortName},
		{"37 replicas -1", swap("replicas: 4", "replicas: -1"), `11:13: spec.replicas: value "-1" is invalid: allowed 1 to 10000`},
		{"37 replicas 0", swap("replicas: 4", "replicas: 0"), `11:13: spec.replicas: value "0" is invalid: allowed 1 to 10000`},
		{"37 replicas 1.5", swap("replicas: 4", "replicas: 1.5"), `11:13: spec.replicas: value "1.5" is invalid: allowed 1 to 10000, as a whole number in plain digits`},
		{"37 replicas 10001", swap("replicas: 4", "replicas: 10001"), `11:13: spec.replicas: value "10001" is invalid: allowed 1 to 10000`},
		{`37 replicas "4"`, swap("replicas: 4", `replicas: "4"`), `11:13: spec.replicas: value "4" is invalid: allowed 1 to 10000, without quotes`},
		{"37 replicas ~", swap("replicas: 4", "replicas: ~"), "11:13: spec.replicas: is empty: allowed 1 to 10000"},
		{"37 replicas 4x", swap("replicas: 4", "replicas: 4x"), `11:13: spec.replicas: value "4x" is invalid: allowed 1 to 10000`},
		{"37 minPods 0", swap("replicas: 4\n", "replicas: 4\n  minPods: 0\n"), `12:12: spec.minPods: value "0" is invalid: allowed 1 to 10000`},
		{"37 a scale that says nothing", swap("replicas: 4\n", "replicas: 4\n  canaryScale: {}\n"), `12:16: spec.canaryScale: says nothing: allowed exactly one of replicas, weight, matchTrafficWeight: true`},
		{"37 a scale that says two things", swap("replicas: 4\n", "replicas: 4\n  canaryScale: {replicas: 2, weight: 50}\n"), `12:16: spec.canaryScale: says 2 things at once: allowed exactly one of replicas, weight, matchTrafficWeight: true`},
		{"37 a scale in percent", swap("replicas: 4\n", "replicas: 4\n  canaryScale: 50%\n"), `12:16: spec.canaryScale: value "50%" is invalid: allowed a mapping of replicas, weight, matchTrafficWeight`},
		{"37 a scale beyond all of prod's", swap("replicas: 4\n", "replicas: 4\n  canaryScale: {weight: 101}\n"), `12:25: spec.canaryScale.weight: value "101" is invalid: allowed 0 to 100`},
		{"37 a scale of no pod", swap("replicas: 4\n", "replicas: 4\n  canaryScale: {replicas: 0}\n"), `12:27: spec.canaryScale.replicas: value "0" is invalid: allowed 1 to 10000`},
		{"37 a scale of no share", swap("replicas: 4\n", "replicas: 4\n  canaryScale: {weight: 0}\n"), `12:25: spec.canaryScale.weight: value "0" is invalid: allowed 1 to 100`},
		{"37 dynamicStableScale in words", swap("replicas: 4\n", "replicas: 4\n  dynamicStableScale: match-weight\n"), `12:23: spec.dynamicStableScale: value "match-weight" is invalid: allowed true, false`},
		{"37 minPods above replicas", swap("replicas: 4\n", "replicas: 4\n  minPods: 5\n"), `12:12: spec.minPods: value "5" is invalid: allowed 1 to spec.replicas, which is 4`},
		{"38 image empty", swap("image: example.com/shop:2", `image: ""`), `7:10: spec.image: value "" is invalid: allowed ` + allowedImage},
		{"38 image with a space", swap("image: example.com/shop:2", `image: "shop 2"`), `7:10: spec.image: value "shop 2" is invalid: allowed ` + allowedImage},
		{"38 image a:b:c", swap("image: example.com/shop:2", "image: a:b:c"), `7:10: spec.image: value "a:b:c" is invalid: allowed ` + allowedImage},
		{"38 image uppercase repository", swap("image: example.com/shop:2", "image: example.com/Shop:2"), `7:10: spec.image: value "example.com/Shop:2" is invalid: allowed ` + allowedImage},
		{"38 image tag empty", swap("image: example.com/shop:2", "image: 'shop:'"), `7:10: spec.image: value "shop:" is invalid: allowed ` + allowedImage},
		{"38 image tag of 129 characters", swap("image: example.com/shop:2", "image: shop:"+strings.Repeat("t", 129)), `7:10: spec.image: value "shop:` + strings.Repeat("t", 75) + `..." is invalid: allowed ` + allowedImage},
		{"38 image digest too short", swap("image: example.com/shop:2", "image: shop@sha256:abc"), `7:10: spec.image: value "shop@sha256:abc" is invalid: allowed ` + allowedImage},
		{"38 image digest of another kind", swap("image: example.com/shop:2", "image: shop@md5:d41d8cd98f00b204e9800998ecf8427e"), `7:10: spec.image: value "shop@md5:d41d8cd98f00b204e9800998ecf8427e" is invalid: allowed ` + allowedImage},
		{"38 image a URL", swap("image: example.com/shop:2", "image: https://example.com/shop:2"), `7:10: spec.image: value "https://example.com/shop:2" is invalid: allowed ` + allowedImage},
		{"38 image a shell", swap("image: example.com/shop:2", `image: "shop:2;id"`), `7:10: spec.image: value "shop:2;id" is invalid: allowed ` + allowedImage},
		{"38 image the placeholder", swap("image: example.com/shop:2", "image: <stable>"), `7:10: spec.image: value "<stable>" is invalid: allowed ` + allowedImage},
		{"38 image a newline", swap("image: example.com/shop:2", `image: "shop:2\nx"`), `7:10: spec.image: value "shop:2\nx" is invalid: allowed ` + allowedImage},
		{"38 image a slash at the end", swap("image: example.com/shop:2", "image: example.com/shop/"), `7:10: spec.image: value "example.com/shop/" is invalid: allowed ` + allowedImage},
		{"38 image a number", swap("image: example.com/shop:2", "image: 2.0"), `7:10: spec.image: value "2.0" is invalid: allowed ` + allowedString},
		{"38 image missing", swap("  image: example.com/shop:2\n", ""), "7:3: spec: has no image: allowed image, or images with one for container shop"},
		{"38 image null", swap("image: example.com/shop:2\n", "image:\n"), "7:9: spec.image: is empty: allowed " + allowedImage},
		{"38 stable.image without its tag", swap("image: example.com/shop:1", `image: "example.com/shop:"`), `9:12: spec.stable.image: value "example.com/shop:" is invalid: allowed ` + allowedImage},
		{"38 stable without an image", swap("stable:\n    image: example.com/shop:1\n", "stable: {}\n"), "8:11: spec.stable: has no image: allowed image, or images with one for container shop"},
		{"38 stable a string", swap("stable:\n    image: example.com/shop:1\n", "stable: example.com/shop:1\n"), `8:11: spec.stable: value "example.com/shop:1" is invalid: allowed a mapping of image, images`},
		{"38 image beside images", swap("image: example.com/shop:2\n", "image: example.com/shop:2\n  images: {shop: example.com/shop:2}\n"), "8:11: spec.images: is given beside image: allowed one of image, images"},
		{"38 images without the app's own", swap("image: example.com/shop:2\n", "images: {proxy: example.com/proxy:2}\n"), "7:11: spec.images: has no entry for container shop: allowed an entry named after metadata.name: the container that serves the port"},
		{"38 images empty", swap("image: example.com/shop:2\n", "images: {}\n"), "7:11: spec.images: is empty: allowed a mapping of container names to images"},
		{"38 images a list", swap("image: example.com/shop:2\n", "images: [example.com/shop:2]\n"), `7:11: spec.images: is a list: allowed a mapping of container names to images`},
		{"38 images with a bad image and a bad container", swap("image: example.com/shop:2\n", "images: {shop: \"a b\", Proxy_1: x}\n"), lines(
			`7:18: spec.images.shop: value "a b" is invalid: allowed `+allowedImage,
			`7:25: spec.images.Proxy_1: value "Proxy_1" is invalid: allowed `+allowedLabel,
		)},
		{"38 images twice the same container", swap("image: example.com/shop:2\n", "images: {shop: \"a:1\", shop: \"a:2\"}\n"), "7:25: spec.images.shop: is given twice: allowed once"},
		{"38 stable lacks a container", swap("image: example.com/shop:2\n", "images: {shop: example.com/shop:2, proxy: example.com/proxy:2}\n"), "9:5: spec.stable: has no image for container proxy: allowed an image for each container of spec.images"},
		{"38 stable has a container too many", swap("stable:\n    image: example.com/shop:1\n", "stable:\n    images: {shop: example.com/shop:1, proxy: example.com/proxy:2}\n"), `9:13: spec.stable.images: value "proxy" is invalid: allowed the containers of spec.images`},
		{"38 imagePullPolicy in lower case", swap("imagePullPolicy: Always", "imagePullPolicy: always"), `12:20: spec.imagePullPolicy: value "always" is invalid: allowed Always, IfNotPresent, Never`},
		{"41 host twice", swap("host: shop.example.com\n", "hosts: [shop.example.com, www.example.com, shop.example.com]\n"), `24:48: spec.route.hosts[2]: value "shop.example.com" is invalid: allowed each host once`},
		{"41 path twice", swap("path: /cart\n", "paths: [/a, /b, /a]\n"), `25:21: spec.route.paths[2]: value "/a" is invalid: allowed each path once`},
		{"41 host beside hosts", swap("host: shop.example.com\n", "host: shop.example.com\n    hosts: [shop.example.com]\n"), "25:12: spec.route.hosts: is given beside host: allowed one of host, hosts"},
		{"41 path beside paths", swap("path: /cart\n", "path: /cart\n    paths: [/a]\n"), "26:12: spec.route.paths: is given beside path: allowed one of path, paths"},
		{"41 no host", swap("    host: shop.example.com\n", ""), "24:5: spec.route: has no host: allowed host, or hosts with at least one entry"},
		{"41 hosts empty", swap("host: shop.example.com\n", "hosts: []\n"), "24:12: spec.route.hosts: is an empty list: allowed at least one host"},
		{"41 host twice, and steps that decrease", swap("host: shop.example.com", "hosts: [a.example.com, a.example.com]", "setWeight: 50", "setWeight: 10"), lines(
			`24:28: spec.route.hosts[1]: value "a.example.com" is invalid: allowed each host once`,
			`33:16: spec.steps[2].setWeight: value "10" is invalid: allowed more than 20, the weight before it: weights only go up`,
		)},
		{"env name twice", swap("value: info\n", "value: info\n  - name: LEVEL\n    value: debug\n"), `16:11: spec.env[1].name: value "LEVEL" is invalid: allowed each name once`},
		{"env name with a digit in front", swap("- name: LEVEL", "- name: 1LEVEL"), `14:11: spec.env[0].name: value "1LEVEL" is invalid: allowed letters, digits and _ . -, not beginning with a digit`},
		{"env name with =", swap("- name: LEVEL", "- name: A=B"), `14:11: spec.env[0].name: value "A=B" is invalid: allowed letters, digits and _ . -, not beginning with a digit`},
		{"env value and valueFrom", swap("value: info\n", "value: info\n    valueFrom: {fieldRef: {fieldPath: metadata.name}}\n"), "14:5: spec.env[0]: has both value and valueFrom: allowed one of value, valueFrom"},
		{"env valueFrom empty", swap("value: info\n", "valueFrom: {}\n"), "15:16: spec.env[0].valueFrom: says nothing: allowed one of configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef"},
		{"env valueFrom twice", swap("value: info\n", "valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: a, key: b}}\n"), "15:16: spec.env[0].valueFrom: says 2 things at once: allowed one of configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef"},
		{"env secretKeyRef without a key", swap("value: info\n", "valueFrom: {secretKeyRef: {name: Shop_Secret}}\n"), lines(
			"15:31: spec.env[0].valueFrom.secretKeyRef.key: is missing: allowed letters, digits and - _ .",
			`15:38: spec.env[0].valueFrom.secretKeyRef.name: value "Shop_Secret" is invalid: allowed `+allowedSubdomain,
		)},
		{"resources that are no quantities", swap("cpu: 100m", "cpu: -1\n      memory: 64mb\n      example.com/gpu: 0x1"), lines(
			`18:12: spec.resources.requests.cpu: value "-1" is invalid: allowed a quantity such as 5m, 0.5, 32Mi or 1`,
			`19:15: spec.resources.requests.memory: value "64mb" is invalid: allowed a quantity such as 5m, 0.5, 32Mi or 1`,
			`20:24: spec.resources.requests.example.com/gpu: value "0x1" is invalid: allowed a quantity such as 5m, 0.5, 32Mi or 1`,
		)},
		{"resources of unknown kind", swap("requests:\n      cpu: 100m\n", "request: {cpu: 100m}\n"), "17:5: spec.resources.request: field is unknown (did you mean requests?): allowed requests, limits"},
		{"resources of a bad name", swap("cpu: 100m", `"c p u": 100m`), `18:7: spec.resources.requests: value "c p u" is invalid: allowed a resource name such as cpu, memory or example.com/gpu`},
		{"defaults of another word", swap(goodSteps, "  defaults: all\n"+goodSteps), `29:13: spec.defaults: value "all" is invalid: allowed production, none`},
		{"54 output.path ../x", swap(goodSteps, "  output:\n    path: ../x\n"+goodSteps), `30:11: spec.output.path: value "../x" is invalid: allowed ` + allowedOutput},
		{"54 output.path /srv/deploy", swap(goodSteps, "  output:\n    path: /srv/deploy\n"+goodSteps), `30:11: spec.output.path: value "/srv/deploy" is invalid: allowed ` + allowedOutput},
		{"54 output.path .git/x", swap(goodSteps, "  output:\n    path: .git/x\n"+goodSteps), `30:11: spec.output.path: value ".git/x" is invalid: allowed ` + allowedOutput},
		{"54 output.path a/.git/b", swap(goodSteps, "  output:\n    path: a/.git/b\n"+goodSteps), `30:11: spec.output.path: value "a/.git/b" is invalid: allowed ` + allowedOutput},
		{"54 output.path deploy/.GIT", swap(goodSteps, "  output:\n    path: deploy/.GIT\n"+goodSteps), `30:11: spec.output.path: value "deploy/.GIT" is invalid: allowed ` + allowedOutput},
		{"54 output.path a/../b", swap(goodSteps, "  output:\n    path: a/../b\n"+goodSteps), `30:11: spec.output.path: value "a/../b" is invalid: allowed ` + allowedOutput},
		{"54 output.path a//b", swap(goodSteps, "  output:\n    path: a//b\n"+goodSteps), `30:11: spec.output.path: value "a//b" is invalid: allowed ` + allowedOutput},
		{"54 output.path a/", swap(goodSteps, "  output:\n    path: a/\n"+goodSteps), `30:11: spec.output.path: value "a/" is invalid: allowed ` + allowedOutput},
		{"54 output.path ./a", swap(goodSteps, "  output:\n    path: ./a\n"+goodSteps), `30:11: spec.output.path: value "./a" is invalid: allowed ` + allowedOutput},
		{"54 output.path .", swap(goodSteps, "  output:\n    path: .\n"+goodSteps), `30:11: spec.output.path: value "." is invalid: allowed ` + allowedOutput},
		{`54 output.path ""`, swap(goodSteps, "  output:\n    path: \"\"\n"+goodSteps), `30:11: spec.output.path: value "" is invalid: allowed ` + allowedOutput},
		{"54 output.path -x", swap(goodSteps, "  output:\n    path: -x\n"+goodSteps), `30:11: spec.output.path: value "-x" is invalid: allowed ` + allowedOutput},
		{"54 output.path a/-rf", swap(goodSteps, "  output:\n    path: a/-rf\n"+goodSteps), `30:11: spec.output.path: value "a/-rf" is invalid: allowed ` + allowedOutput},
		{"54 output.path a b", swap(goodSteps, "  output:\n    path: a b\n"+goodSteps), `30:11: spec.output.path: value "a b" is invalid: allowed ` + allowedOutput},
		{`54 output.path a\b`, swap(goodSteps, "  output:\n    path: a\\b\n"+goodSteps), `30:11: spec.output.path: value "a\\b" is invalid: allowed ` + allowedOutput},
		{"54 output.path git~1", swap(goodSteps, "  output:\n    path: git~1\n"+goodSteps), `30:11: spec.output.path: value "git~1" is invalid: allowed ` + allowedOutput},
		{"54 output.path aé", swap(goodSteps, "  output:\n    path: aé\n"+goodSteps), `30:11: spec.output.path: value "aé" is invalid: allowed ` + allowedOutput},
		{"54 output.path $(id)", swap(goodSteps, "  output:\n    path: $(id)\n"+goodSteps), `30:11: spec.output.path: value "$(id)" is invalid: allowed ` + allowedOutput},
		{"54 output.path ~/x", swap(goodSteps, "  output:\n    path: ~/x\n"+goodSteps), `30:11: spec.output.path: value "~/x" is invalid: allowed ` + allowedOutput},
		{"54 output.path of 201 characters", swap(goodSteps, "  output:\n    path: "+strings.Repeat("a", 201)+"\n"+goodSteps), `30:11: spec.output.path: value "` + strings.Repeat("a", 80) + `..." is invalid: allowed ` + allowedOutput},

		// D. Ingress injection
		{"43 host with a directive", swap("host: shop.example.com", `host: "a.com; return 200;"`), `24:11: spec.route.host: value "a.com; return 200;" is invalid: allowed ` + allowedHost},
		{"43 host uppercase", swap("host: shop.example.com", "host: Shop.example.com"), `24:11: spec.route.host: value "Shop.example.com" is invalid: allowed ` + allowedHost},
		{"43 host with a port", swap("host: shop.example.com", "host: shop.example.com:80"), `24:11: spec.route.host: value "shop.example.com:80" is invalid: allowed ` + allowedHost},
		{"43 host with a scheme", swap("host: shop.example.com", "host: https://shop.example.com"), `24:11: spec.route.host: value "https://shop.example.com" is invalid: allowed ` + allowedHost},
		{"43 host with a path", swap("host: shop.example.com", "host: shop.example.com/x"), `24:11: spec.route.host: value "shop.example.com/x" is invalid: allowed ` + allowedHost},
		{"43 host an IP address", swap("host: shop.example.com", "host: 10.0.0.1"), `24:11: spec.route.host: value "10.0.0.1" is invalid: allowed ` + allowedHost},
		{"43 host an IPv6 address", swap("host: shop.example.com", `host: "::1"`), `24:11: spec.route.host: value "::1" is invalid: allowed ` + allowedHost},
		{"43 host empty", swap("host: shop.example.com", `host: ""`), `24:11: spec.route.host: value "" is invalid: allowed ` + allowedHost},
		{"43 host a wildcard in the middle", swap("host: shop.example.com", "host: shop.*.example.com"), `24:11: spec.route.host: value "shop.*.example.com" is invalid: allowed ` + allowedHost},
		{"43 host a bare wildcard", swap("host: shop.example.com", `host: "*"`), `24:11: spec.route.host: value "*" is invalid: allowed ` + allowedHost},
		{"43 host two wildcards", swap("host: shop.example.com", `host: "*.*.example.com"`), `24:11: spec.route.host: value "*.*.example.com" is invalid: allowed ` + allowedHost},
		{"43 host underscore", swap("host: shop.example.com", "host: my_shop.example.com"), `24:11: spec.route.host: value "my_shop.example.com" is invalid: allowed ` + allowedHost},
		{"43 host a label of 64 characters", swap("host: shop.example.com", "host: "+strings.Repeat("a", 64)+".example.com"), `24:11: spec.route.host: value "` + strings.Repeat("a", 64) + `.example.com" is invalid: allowed ` + allowedHost},
		{"43 host 254 characters", swap("host: shop.example.com", "host: "+strings.Repeat("a", 49)+"."+strings.Repeat("a", 49)+"."+strings.Repeat("a", 49)+"."+strings.Repeat("a", 49)+"."+strings.Repeat("a", 49)+".abcd"), `24:11: spec.route.host: value "` + strings.Repeat("a", 49) + `.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..." is invalid: allowed ` + allowedHost},
		{"43 host a trailing dot", swap("host: shop.example.com", "host: shop.example.com."), `24:11: spec.route.host: value "shop.example.com." is invalid: allowed ` + allowedHost},
		{"43 host not ASCII", swap("host: shop.example.com", "host: läden.example.com"), `24:11: spec.route.host: value "läden.example.com" is invalid: allowed ` + allowedHost},
		{"43 host a newline", swap("host: shop.example.com", `host: "a.com\n"`), `24:11: spec.route.host: value "a.com\n" is invalid: allowed ` + allowedHost},
		{"43 host a regular expression", swap("host: shop.example.com", `host: "~^(?<x>.+)$"`), `24:11: spec.route.host: value "~^(?<x>.+)$" is invalid: allowed ` + allowedHost},
		{"44 path without /", swap("path: /cart", "path: cart"), `25:11: spec.route.path: value "cart" is invalid: allowed ` + allowedPath},
		{"44 path empty", swap("path: /cart", `path: ""`), `25:11: spec.route.path: value "" is invalid: allowed ` + allowedPath},
		{"45 path with a newline", swap("path: /cart", `path: "/x\n}"`), `25:11: spec.route.path: value "/x\n}" is invalid: allowed ` + allowedPath},
		{"45 path with CR LF", swap("path: /cart", `path: "/x\r\n}"`), `25:11: spec.route.path: value "/x\r\n}" is invalid: allowed ` + allowedPath},
		{"46 path /a{b}", swap("path: /cart", "path: '/a{b}'"), `25:11: spec.route.path: value "/a{b}" is invalid: allowed ` + allowedPath},
		{"46 path /a;b", swap("path: /cart", "path: '/a;b'"), `25:11: spec.route.path: value "/a;b" is invalid: allowed ` + allowedPath},
		{"46 path /a b", swap("path: /cart", "path: '/a b'"), `25:11: spec.route.path: value "/a b" is invalid: allowed ` + allowedPath},
		{`46 path /a"b`, swap("path: /cart", `path: '/a"b'`), `25:11: spec.route.path: value "/a\"b" is invalid: allowed ` + allowedPath},
		{"46 path /a$b", swap("path: /cart", "path: '/a$b'"), `25:11: spec.route.path: value "/a$b" is invalid: allowed ` + allowedPath},
		{"46 path /a#b", swap("path: /cart", "path: '/a#b'"), `25:11: spec.route.path: value "/a#b" is invalid: allowed ` + allowedPath},
		{`46 path /a\b`, swap("path: /cart", `path: '/a\b'`), `25:11: spec.route.path: value "/a\\b" is invalid: allowed ` + allowedPath},
		{"46 path /a'b", swap("path: /cart", "path: '/a''b'"), `25:11: spec.route.path: value "/a'b" is invalid: allowed ` + allowedPath},
		{"46 path /a`b", swap("path: /cart", "path: '/a`b'"), "25:11: spec.route.path: value \"/a`b\" is invalid: allowed " + allowedPath},
		{"46 path /a(b)", swap("path: /cart", "path: '/a(b)'"), `25:11: spec.route.path: value "/a(b)" is invalid: allowed ` + allowedPath},
		{"46 path /a*", swap("path: /cart", "path: '/a*'"), `25:11: spec.route.path: value "/a*" is invalid: allowed ` + allowedPath},
		{"46 path /a?b=c", swap("path: /cart", "path: '/a?b=c'"), `25:11: spec.route.path: value "/a?b=c" is invalid: allowed ` + allowedPath},
		{"46 path /a^b", swap("path: /cart", "path: '/a^b'"), `25:11: spec.route.path: value "/a^b" is invalid: allowed ` + allowedPath},
		{"46 path /a|b", swap("path: /cart", "path: '/a|b'"), `25:11: spec.route.path: value "/a|b" is invalid: allowed ` + allowedPath},
		{"46 path /a[b]", swap("path: /cart", "path: '/a[b]'"), `25:11: spec.route.path: value "/a[b]" is invalid: allowed ` + allowedPath},
		{"46 path /a~b", swap("path: /cart", "path: '/a~b'"), `25:11: spec.route.path: value "/a~b" is invalid: allowed ` + allowedPath},
		{"46 path /a,b", swap("path: /cart", "path: '/a,b'"), `25:11: spec.route.path: value "/a,b" is invalid: allowed ` + allowedPath},
		{"46 path /a:b", swap("path: /cart", "path: '/a:b'"), `25:11: spec.route.path: value "/a:b" is invalid: allowed ` + allowedPath},
		{"46 path /a@b", swap("path: /cart", "path: '/a@b'"), `25:11: spec.route.path: value "/a@b" is invalid: allowed ` + allowedPath},
		{"46 path /a=b", swap("path: /cart", "path: '/a=b'"), `25:11: spec.route.path: value "/a=b" is invalid: allowed ` + allowedPath},
		{"46 path /a&b", swap("path: /cart", "path: '/a&b'"), `25:11: spec.route.path: value "/a&b" is invalid: allowed ` + allowedPath},
		{"47 path /a%0ab", swap("path: /cart", "path: '/a%0ab'"), `25:11: spec.route.path: value "/a%0ab" is invalid: allowed ` + allowedPath},
		{"47 path /aNBSPb", swap("path: /cart", "path: '/a\u00a0b'"), `25:11: spec.route.path: value "/a\u00a0b" is invalid: allowed ` + allowedPath},
		{"46 path /aé", swap("path: /cart", "path: '/aé'"), `25:11: spec.route.path: value "/aé" is invalid: allowed ` + allowedPath},
		{"46 path //", swap("path: /cart", "path: '//'"), `25:11: spec.route.path: value "//" is invalid: allowed ` + allowedPath},
		{"46 path /a//b", swap("path: /cart", "path: '/a//b'"), `25:11: spec.route.path: value "/a//b" is invalid: allowed ` + allowedPath},
		{"46 path /./a", swap("path: /cart", "path: '/./a'"), `25:11: spec.route.path: value "/./a" is invalid: allowed ` + allowedPath},
		{"46 path /a/../b", swap("path: /cart", "path: '/a/../b'"), `25:11: spec.route.path: value "/a/../b" is invalid: allowed ` + allowedPath},
		{"46 path /..", swap("path: /cart", "path: '/..'"), `25:11: spec.route.path: value "/.." is invalid: allowed ` + allowedPath},
		{"47 path /a_by_lua", swap("path: /cart", "path: '/a_by_lua'"), `25:11: spec.route.path: value "/a_by_lua" is invalid: allowed a path without _by_lua: ingress-nginx blocks it`},
		{"47 path /etc/passwd", swap("path: /cart", "path: '/etc/passwd'"), `25:11: spec.route.path: value "/etc/passwd" is invalid: allowed a path without /etc/passwd: ingress-nginx blocks it`},
		{"47 path /x/etc/nginx/y", swap("path: /cart", "path: '/x/etc/nginx/y'"), `25:11: spec.route.path: value "/x/etc/nginx/y" is invalid: allowed a path without /etc/nginx: ingress-nginx blocks it`},
		{"47 path /var/run/secrets/kubernetes.io", swap("path: /cart", "path: '/var/run/secrets/kubernetes.io'"), `25:11: spec.route.path: value "/var/run/secrets/kubernetes.io" is invalid: allowed a path without /var/run/secrets: ingress-nginx blocks it`},
		{"47 path /x;alias /etc/;", swap("path: /cart", "path: '/x;alias /etc/;'"), `25:11: spec.route.path: value "/x;alias /etc/;" is invalid: allowed ` + allowedPath},
		{"46 path of 256 characters", swap("path: /cart", "path: /"+strings.Repeat("a", 255)), `25:11: spec.route.path: value "/` + strings.Repeat("a", 79) + `..." is invalid: allowed ` + allowedPath},
		{"48 header X Canary", swap("name: X-Canary", "name: X Canary"), `28:15: spec.route.match[0].header.name: value "X Canary" is invalid: allowed ` + allowedHeader},
		{"48 header X:Canary", swap("name: X-Canary", `name: "X:Canary"`), `28:15: spec.route.match[0].header.name: value "X:Canary" is invalid: allowed ` + allowedHeader},
		{"48 header with CR LF", swap("name: X-Canary", `name: "X-Canary\r\nEvil"`), `28:15: spec.route.match[0].header.name: value "X-Canary\r\nEvil" is invalid: allowed ` + allowedHeader},
		{"48 header empty", swap("name: X-Canary", `name: ""`), `28:15: spec.route.match[0].header.name: value "" is invalid: allowed ` + allowedHeader},
		{"48 header of 300 characters", swap("name: X-Canary", "name: "+strings.Repeat("X", 300)), `28:15: spec.route.match[0].header.name: value "` + strings.Repeat("X", 80) + `..." is invalid: allowed ` + allowedHeader},
		{"48 header of 64 characters", swap("name: X-Canary", "name: "+strings.Repeat("X", 64)), `28:15: spec.route.match[0].header.name: value "` + strings.Repeat("X", 64) + `" is invalid: allowed ` + allowedHeader},
		{"48 header Host", swap("name: X-Canary", "name: Host"), `28:15: spec.route.match[0].header.name: value "Host" is invalid: allowed ` + allowedHeader},
		{"48 header cookie in lower case", swap("name: X-Canary", "name: cookie"), `28:15: spec.route.match[0].header.name: value "cookie" is invalid: allowed ` + allowedHeader},
		{"48 header Connection", swap("name: X-Canary", "name: Connection"), `28:15: spec.route.match[0].header.name: value "Connection" is invalid: allowed ` + allowedHeader},
		{"48 header underscore", swap("name: X-Canary", "name: X_Canary"), `28:15: spec.route.match[0].header.name: value "X_Canary" is invalid: allowed ` + allowedHeader},
		{"48 header trailing dash", swap("name: X-Canary", "name: X-"), `28:15: spec.route.match[0].header.name: value "X-" is invalid: allowed ` + allowedHeader},
		{"48 header not ASCII", swap("name: X-Canary", "name: X-Canäry"), `28:15: spec.route.match[0].header.name: value "X-Canäry" is invalid: allowed ` + allowedHeader},
		{"48 header $http_x", swap("name: X-Canary", "name: $http_x"), `28:15: spec.route.match[0].header.name: value "$http_x" is invalid: allowed ` + allowedHeader},
		{"48 header with quotes", swap("name: X-Canary", `name: 'X"Y'`), `28:15: spec.route.match[0].header.name: value "X\"Y" is invalid: allowed ` + allowedHeader},
		{"48 header transfer-encoding", swap("name: X-Canary", "name: transfer-encoding"), `28:15: spec.route.match[0].header.name: value "transfer-encoding" is invalid: allowed ` + allowedHeader},
		{"48 header null", swap("name: X-Canary", "name: "), "28:14: spec.route.match[0].header.name: is empty: allowed " + allowedHeader},
		{"48 header value with a space", swap("name: X-Canary\n", "name: X-Canary\n        value: \"a b\"\n"), `29:16: spec.route.match[0].header.value: value "a b" is invalid: allowed ` + allowedValue},
		{"48 header value with quotes", swap("name: X-Canary\n", "name: X-Canary\n        value: '\"'\n"), `29:16: spec.route.match[0].header.value: value "\"" is invalid: allowed ` + allowedValue},
		{"48 header value with a semicolon", swap("name: X-Canary\n", "name: X-Canary\n        value: \"a;b\"\n"), `29:16: spec.route.match[0].header.value: value "a;b" is invalid: allowed ` + allowedValue},
		{"48 header value with a newline", swap("name: X-Canary\n", "name: X-Canary\n        value: \"a\\nb\"\n"), `29:16: spec.route.match[0].header.value: value "a\nb" is invalid: allowed ` + allowedValue},
		{"48 header value of 201 characters", swap("name: X-Canary\n", "name: X-Canary\n        value: "+strings.Repeat("v", 201)+"\n"), `29:16: spec.route.match[0].header.value: value "` + strings.Repeat("v", 80) + `..." is invalid: allowed ` + allowedValue},
		{"48 header value empty", swap("name: X-Canary\n", "name: X-Canary\n        value: \"\"\n"), `29:16: spec.route.match[0].header.value: value "" is invalid: allowed ` + allowedValue},
		{"48 header value with $", swap("name: X-Canary\n", "name: X-Canary\n        value: a$b\n"), `29:16: spec.route.match[0].header.value: value "a$b" is invalid: allowed ` + allowedValue},
		{"48 cookie with a space", swap(goodHeader, "    - cookie:\n        name: \"my cookie\"\n"), `28:15: spec.route.match[0].cookie.name: value "my cookie" is invalid: allowed ` + allowedCookie},
		{"48 cookie with =", swap(goodHeader, "    - cookie:\n        name: \"a=b\"\n"), `28:15: spec.route.match[0].cookie.name: value "a=b" is invalid: allowed ` + allowedCookie},
		{"48 cookie with ;", swap(goodHeader, "    - cookie:\n        name: \"a;b\"\n"), `28:15: spec.route.match[0].cookie.name: value "a;b" is invalid: allowed ` + allowedCookie},
		{"48 cookie empty", swap(goodHeader, "    - cookie:\n        name: \"\"\n"), `28:15: spec.route.match[0].cookie.name: value "" is invalid: allowed ` + allowedCookie},
		{"48 cookie of 64 characters", swap(goodHeader, "    - cookie:\n        name: "+strings.Repeat("c", 64)+"\n"), `28:15: spec.route.match[0].cookie.name: value "` + strings.Repeat("c", 64) + `" is invalid: allowed ` + allowedCookie},
		{"48 header and cookie without names", swap(goodHeader, "    - header: {}\n    - cookie: {}\n"), lines(
			"27:15: spec.route.match[0].header.name: is missing: allowed "+allowedHeader,
			"28:15: spec.route.match[1].cookie.name: is missing: allowed "+allowedCookie,
		)},
		{"48 a match of nothing", swap(goodHeader, "    - {}\n"), "27:7: spec.route.match[0]: matches nothing: allowed header or cookie"},
		{"48 a header and a cookie in one entry", swap(goodHeader, "    - header: {name: A}\n      cookie: {name: b}\n"), "27:7: spec.route.match[0]: asks for a header and a cookie at once: allowed one of header, cookie in an entry: ingress-nginx routes whoever has either"},
		{"48 two headers", swap(goodHeader, "    - header: {name: A}\n    - header: {name: B}\n"), "27:5: spec.route.match: has too many rules: allowed " + allowedRules},
		{"48 two cookies", swap(goodHeader, "    - cookie: {name: a}\n    - cookie: {name: b}\n"), "27:5: spec.route.match: has too many rules: allowed " + allowedRules},
		{"48 value beside pattern", swap(goodHeader, "    - header: {name: A, value: a, pattern: a}\n"), "27:15: spec.route.match[0].header: has both value and pattern: allowed one of value, pattern"},
		{"48 the same header twice, by case", gateway(gatewayHost + "    match: [{header: {name: X-Beta, value: a}}, {cookie: {name: c}}, {header: {name: x-beta, value: a}}]\n"), `27:86: spec.route.match[2].header.name: value "x-beta" is invalid: allowed each header once, or each time with another value or pattern`},
		{"48 the same header pattern twice", gateway(gatewayHost + "    match: [{header: {name: X-Beta, pattern: a.}}, {header: {name: X-Beta, pattern: a.}}]\n"), `27:68: spec.route.match[1].header.name: value "X-Beta" is invalid: allowed each header once, or each time with another value or pattern`},
		{"48 the same cookie twice", gateway(gatewayHost + "    match: [{cookie: {name: c}}, {cookie: {name: c}}]\n"), `27:50: spec.route.match[1].cookie.name: value "c" is invalid: allowed each cookie once`},
		{"49 pattern (a+)+$", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(a+)+$'\n"), `29:18: spec.route.match[0].header.pattern: value "(a+)+$" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern (a|aa)+", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(a|aa)+'\n"), `29:18: spec.route.match[0].header.pattern: value "(a|aa)+" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern (?:a+)+", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?:a+)+'\n"), `29:18: spec.route.match[0].header.pattern: value "(?:a+)+" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern (a*)*b", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(a*)*b'\n"), `29:18: spec.route.match[0].header.pattern: value "(a*)*b" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern (a{1,9}){1,9}", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(a{1,9}){1,9}'\n"), `29:18: spec.route.match[0].header.pattern: value "(a{1,9}){1,9}" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern ((a)+b)*", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '((a)+b)*'\n"), `29:18: spec.route.match[0].header.pattern: value "((a)+b)*" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern (.*)*", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(.*)*'\n"), `29:18: spec.route.match[0].header.pattern: value "(.*)*" is invalid: it repeats what repeats or chooses: allowed ` + patternRepeats},
		{"49 pattern [", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '['\n"), `29:18: spec.route.match[0].header.pattern: value "[" is invalid: missing ]: allowed ` + patternRE2},
		{"49 pattern a{1001}", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a{1001}'\n"), `29:18: spec.route.match[0].header.pattern: value "a{1001}" is invalid: invalid repeat count: allowed ` + patternRE2},
		{"49 pattern a**", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a**'\n"), `29:18: spec.route.match[0].header.pattern: value "a**" is invalid: invalid nested repetition operator: allowed ` + patternRE2},
		{"49 pattern (?=x)", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?=x)'\n"), `29:18: spec.route.match[0].header.pattern: value "(?=x)" is invalid: lookahead is not in RE2: allowed ` + patternGroups},
		{"49 pattern (?i)x", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?i)x'\n"), `29:18: spec.route.match[0].header.pattern: value "(?i)x" is invalid: (?i is not allowed: allowed ` + patternGroups},
		{"49 pattern (?P<n>x)", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?P<n>x)'\n"), `29:18: spec.route.match[0].header.pattern: value "(?P<n>x)" is invalid: a named group is not allowed: allowed ` + patternGroups},
		{`49 pattern \1`, swap("name: X-Canary\n", "name: X-Canary\n        pattern: '\\1'\n"), `29:18: spec.route.match[0].header.pattern: value "\\1" is invalid: \1 is not allowed: allowed ` + patternEscapes},
		{`49 pattern \x41`, swap("name: X-Canary\n", "name: X-Canary\n        pattern: '\\x41'\n"), `29:18: spec.route.match[0].header.pattern: value "\\x41" is invalid: \x is not allowed: allowed ` + patternEscapes},
		{`49 pattern \p{L}`, swap("name: X-Canary\n", "name: X-Canary\n        pattern: '\\p{L}'\n"), `29:18: spec.route.match[0].header.pattern: value "\\p{L}" is invalid: \p is not allowed: allowed ` + patternEscapes},
		{"49 pattern a;b", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a;b'\n"), `29:18: spec.route.match[0].header.pattern: value "a;b" is invalid: ; is not allowed: allowed ` + patternChars},
		{`49 pattern a"b`, swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a\"b'\n"), `29:18: spec.route.match[0].header.pattern: value "a\"b" is invalid: " is not allowed: allowed ` + patternChars},
		{"49 pattern aBACKQUOTEb", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a`b'\n"), "29:18: spec.route.match[0].header.pattern: value \"a`b\" is invalid: ` is not allowed: allowed " + patternChars},
		{"49 pattern aTABb", swap("name: X-Canary\n", "name: X-Canary\n        pattern: \"a\\tb\"\n"), `29:18: spec.route.match[0].header.pattern: value "a\tb" is invalid: not printable ASCII: allowed ` + patternChars},
		{"49 pattern é", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'é'\n"), `29:18: spec.route.match[0].header.pattern: value "é" is invalid: not printable ASCII: allowed ` + patternChars},
		{"49 pattern of 201 characters", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '"+strings.Repeat("a", 201)+"'\n"), `29:18: spec.route.match[0].header.pattern: value "` + strings.Repeat("a", 80) + `..." is invalid: it has 201 characters: allowed ` + patternLength},
		{"49 pattern .*.*.*.*.*.*.*.*x", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '.*.*.*.*.*.*.*.*x'\n"), `29:18: spec.route.match[0].header.pattern: value ".*.*.*.*.*.*.*.*x" is invalid: it has 8 repetitions without an end: allowed ` + patternOpen},
		{"49 pattern (a", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(a'\n"), `29:18: spec.route.match[0].header.pattern: value "(a" is invalid: missing ): allowed ` + patternRE2},
		{"49 pattern a)", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a)'\n"), `29:18: spec.route.match[0].header.pattern: value "a)" is invalid: unexpected ): allowed ` + patternRE2},
		{"49 pattern (?!x)", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?!x)'\n"), `29:18: spec.route.match[0].header.pattern: value "(?!x)" is invalid: lookahead is not in RE2: allowed ` + patternGroups},
		{"49 pattern (?<=x)y", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?<=x)y'\n"), `29:18: spec.route.match[0].header.pattern: value "(?<=x)y" is invalid: lookbehind is not in RE2: allowed ` + patternGroups},
		{"49 pattern (?>x)", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?>x)'\n"), `29:18: spec.route.match[0].header.pattern: value "(?>x)" is invalid: an atomic group is not in RE2: allowed ` + patternGroups},
		{"49 pattern a{,3}", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a{,3}'\n"), `29:18: spec.route.match[0].header.pattern: value "a{,3}" is invalid: {, means one thing to RE2 and another to PCRE: allowed ` + patternRE2},
		{"49 pattern of four groups", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(a)(b)(c)(d)'\n"), `29:18: spec.route.match[0].header.pattern: value "(a)(b)(c)(d)" is invalid: it has 4 groups: allowed ` + patternGroups3},
		{"49 pattern of eleven words", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a|b|c|d|e|f|g|h|i|j|k'\n"), `29:18: spec.route.match[0].header.pattern: value "a|b|c|d|e|f|g|h|i|j|k" is invalid: it has 11 alternatives: allowed ` + patternWords},
		{"49 pattern a{65}", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a{65}'\n"), `29:18: spec.route.match[0].header.pattern: value "a{65}" is invalid: it repeats more than 64 times: allowed ` + patternTimes},
		{"49 pattern of five repetitions", swap("name: X-Canary\n", "name: X-Canary\n        pattern: 'a?b?c?d?e?'\n"), `29:18: spec.route.match[0].header.pattern: value "a?b?c?d?e?" is invalid: it has 5 repetitions of no fixed number: allowed ` + patternChoices},
		{"50 annotation configuration-snippet", swap("path: /cart\n", "path: /cart\n    annotations:\n      nginx.ingress.kubernetes.io/configuration-snippet: \"$1\"\n"), "26:5: spec.route.annotations: field is unknown: allowed " + allowedRoute},
		{"50 annotation server-snippet", swap("path: /cart\n", "path: /cart\n    annotations:\n      nginx.ingress.kubernetes.io/server-snippet: \"$1\"\n"), "26:5: spec.route.annotations: field is unknown: allowed " + allowedRoute},
		{"50 annotation auth-url", swap("path: /cart\n", "path: /cart\n    annotations:\n      nginx.ingress.kubernetes.io/auth-url: \"$1\"\n"), "26:5: spec.route.annotations: field is unknown: allowed " + allowedRoute},
		{"50 annotation rewrite-target", swap("path: /cart\n", "path: /cart\n    annotations:\n      nginx.ingress.kubernetes.io/rewrite-target: \"$1\"\n"), "26:5: spec.route.annotations: field is unknown: allowed " + allowedRoute},
		{"51 class of the wrong form", swap("path: /cart\n", "path: /cart\n    class: Nginx_2\n"), `26:12: spec.route.class: value "Nginx_2" is invalid: allowed ` + allowedSubdomain},
		{"51 class twice, by annotation", swap("path: /cart\n", "path: /cart\n    class: nginx\n    annotations: {kubernetes.io/ingress.class: other}\n"), "27:5: spec.route.annotations: field is unknown: allowed " + allowedRoute},
		{"51 class of the canary apart", swap("path: /cart\n", "path: /cart\n    class: nginx\n    canaryClass: other\n"), "27:5: spec.route.canaryClass: field is unknown: allowed " + allowedRoute},
		{"52 pathType mistyped", swap("path: /cart\n", "path: /cart\n    pathType: prefix\n"), `26:15: spec.route.pathType: value "prefix" is invalid: allowed Prefix, Exact, ImplementationSpecific`},
		{"52 pathType null", swap("path: /cart\n", "path: /cart\n    pathType:\n"), "26:14: spec.route.pathType: is empty: allowed Prefix, Exact, ImplementationSpecific"},
		{"router unknown", swap("path: /cart\n", "path: /cart\n    router: nginx\n"), `26:13: spec.route.router: value "nginx" is invalid: allowed ingress-nginx, gateway-api`},
		{"tls without a secret", swap("path: /cart\n", "path: /cart\n    tls: [{hosts: [shop.example.com]}]\n"), "26:11: spec.route.tls[0].secretName: is missing: allowed " + allowedSubdomain},
		{"tls of a host that is not the route's", swap("path: /cart\n", "path: /cart\n    tls: [{hosts: [other.example.com], secretName: t}]\n"), `26:20: spec.route.tls[0].hosts[0]: value "other.example.com" is invalid: allowed the hosts of the route: shop.example.com`},
		{"tls with a secret of the wrong form", swap("path: /cart\n", "path: /cart\n    tls: [{secretName: \"a/b\"}]\n"), `26:24: spec.route.tls[0].secretName: value "a/b" is invalid: allowed ` + allowedSubdomain},
		{"no route", swap(goodRoute, ""), "7:3: spec: has no route: allowed route with at least a host"},
		{"routes empty", swap(goodRoute, "  routes: []\n"), "7:3: spec: has no route: allowed route with at least a host"},
		{"two routes", swap(goodRoute, "  routes: [{host: a.example.com}, {host: b.example.com}]\n"), "23:11: spec.routes: has 2 entries: allowed at most 1"},
		{"route beside routes", swap(goodRoute, goodRoute+"  routes: [{host: b.example.com}]\n"), "29:11: spec.routes: is given beside route: allowed one of route, routes"},
		{"routes name their index", swap(goodRoute, "  routes:\n  - host: a.example.com\n    paths: [/a, /a]\n"), `25:17: spec.routes[0].paths[1]: value "/a" is invalid: allowed each path once`},

		// Several at once
		{"several: one of every section", swap(good[strings.Index(good, "metadata:"):], "metadata:\n  name: Shop\nspec:\n  image: example.com/shop\n  port: 0\n  replica: 4\n  route:\n    host: a.com; return 200;\n    path: /a b\n  steps:\n  - setWeight: 20%\n  - pause: {duration: 1y}\n  - setWeigth: 50\n"), lines(
			`4:9: metadata.name: value "Shop" is invalid: allowed `+allowedName,
			`7:9: spec.port: value "0" is invalid: allowed 1 to 65535`,
			"8:3: spec.replica: field is unknown (did you mean replicas?): allowed "+allowedSpec,
			`10:11: spec.route.host: value "a.com; return 200;" is invalid: allowed `+allowedHost,
			`11:11: spec.route.path: value "/a b" is invalid: allowed `+allowedPath,
			`13:16: spec.steps[0].setWeight: value "20%" is invalid: allowed 0 to 100`,
			`14:23: spec.steps[1].pause.duration: value "1y" is invalid: allowed `+allowedDuration,
			"15:5: spec.steps[2].setWeigth: field is unknown (did you mean setWeight?): allowed "+allowedStep,
		)},
		{"several: what refers to one another", swap(good[strings.Index(good, "image: "):], "image: example.com/shop:2\n  images: {shop: example.com/shop:2}\n  port: 8080\n  minPods: 2\n  route:\n    host: shop.example.com\n  steps:\n  - setWeight: 50\n  - setWeight: 20\n  - setWeight: 101\n"), lines(
			"8:11: spec.images: is given beside image: allowed one of image, images",
			`10:12: spec.minPods: value "2" is invalid: allowed 1 to spec.replicas, which is 1`,
			`15:16: spec.steps[1].setWeight: value "20" is invalid: allowed more than 50, the weight before it: weights only go up`,
			`16:16: spec.steps[2].setWeight: value "101" is invalid: allowed 0 to 100`,
		)},
		{"gateway-api without parentRefs", gateway("    host: a.example.com\n"), `24:5: spec.route: has no parentRefs: allowed parentRefs with gateway-api: the Gateway that serves the hosts, such as [{name: my-gateway, namespace: infra}]`},
		{"gateway-api with an empty list of parentRefs", gateway("    host: a.example.com\n    parentRefs: []\n"), `26:17: spec.route.parentRefs: is an empty list: allowed at least 1 entry`},
		{"gateway-api with what an Ingress has", gateway(gatewayHost + "    class: nginx\n    tls: [{secretName: a}]\n"), lines(
			`27:12: spec.route.class: value "nginx" is invalid: allowed no class with gateway-api: parentRefs says who serves the route`,
			`28:10: spec.route.tls: is given: allowed no tls with gateway-api: the Gateway's listener has the certificate`,
		)},
		{"gateway-api with ImplementationSpecific", gateway(gatewayHost + "    pathType: ImplementationSpecific\n"), `27:15: spec.route.pathType: value "ImplementationSpecific" is invalid: allowed Prefix, Exact with gateway-api`},
		{"gateway-api with a gateway of another kind", gateway("    host: a.example.com\n    parentRefs: [{kind: Ingress, name: a}]\n"), `26:25: spec.route.parentRefs[0].kind: value "Ingress" is invalid: allowed Gateway, Service`},
		{"gateway-api with a group", gateway("    host: a.example.com\n    parentRefs: [{group: gateway.networking.k8s.io, name: a}]\n"), `26:19: spec.route.parentRefs[0].group: field is unknown: allowed kind, name, namespace, sectionName, port`},
		{"gateway-api with a parent twice", gateway("    host: a.example.com\n    parentRefs: [{name: a}, {name: a, sectionName: b}]\n"), `26:29: spec.route.parentRefs[1]: names a parent again: allowed each parent once, or each time with a sectionName of its own`},
		{"gateway-api with a section twice", gateway("    host: a.example.com\n    parentRefs: [{name: a, port: 80}, {name: b}, {name: a, port: 80}]\n"), `26:50: spec.route.parentRefs[2]: names a parent again: allowed each parent once, or each time with a sectionName of its own`},
		{"gateway-api without a host", gateway("    parentRefs: [{name: a}, {kind: Service, name: b}]\n"), `24:5: spec.route: has no host: allowed host, or hosts with at least one entry`},
		{"a mesh with a host", gateway("    host: a.example.com\n    parentRefs: [{kind: Service, name: b}]\n"), `24:5: spec.route.hosts: is given: allowed no host where all parentRefs are Services: a mesh goes by the Service`},
		{"gateway-api with 17 hosts", gateway("    parentRefs: [{name: a}]\n    hosts: [" + strings.Join(letters(17), ".a, ") + ".a]\n"), `26:12: spec.route.hosts: has 17 entries: allowed at most 16 with gateway-api`},
		{"gateway-api with header and cookie at once", gateway(gatewayHost + "    match: [{header: {name: X-A}, cookie: {name: b}}]\n"), `27:13: spec.route.match[0]: asks for a header and a cookie at once: allowed one of header, cookie in an entry: whoever matches one entry is matched`},
		{"gateway-api with too many rules", gateway(gatewayHost + "    match: [{header: {name: X-A}}, {header: {name: X-B}}, {cookie: {name: a}}]\n    rules: [{paths: [/a]}, {paths: [/b]}, {paths: [/c]}]\n"), `27:12: spec.route.match: makes 21 rules with 21 matches in all: allowed at most 16 rules and 128 matches in one route object: fewer match entries, rules or paths`},
		{"gateway-api with one rule too many", gateway(gatewayHost + "    match: [{header: {name: X-" + strings.Join(letters(15), ", value: a}}, {header: {name: X-") + ", value: a}}, {header: {name: X-B, value: b}}]\n"),
			`27:12: spec.route.match: makes 17 rules with 17 matches in all: allowed at most 16 rules and 128 matches in one route object: fewer match entries, rules or paths`},
		{"gateway-api with one match too many", gateway(gatewayHost + "    match: [{header: {name: X-A}}]\n    paths: [/" + strings.Join(letters(22), ", /") + ", /1, /2, /3, /4, /5, /6, /7, /8, /9, /10, /11, /12, /13, /14, /15, /16, /17, /18, /19, /20, /21]\n"),
			`27:12: spec.route.match: makes 3 rules with 129 matches in all: allowed at most 16 rules and 128 matches in one route object: fewer match entries, rules or paths`},
		{"gateway-api with too many rules by a step", strings.Replace(gateway(gatewayHost+"    match: [{header: {name: X-A}}, {cookie: {name: a}}]\n    rules: [{paths: [/a]}, {paths: [/b]}, {paths: [/c]}]\n"),
			"steps:\n", "steps:\n  - setHeaderRoute: {name: a, match: [{headerName: X-B, headerValue: {exact: b}}]}\n", 1), `30:5: spec.steps[0]: routes what gateway-api cannot: allowed at most 16 rules and 128 matches in one route object: fewer match entries, rules or paths`},
		{"gateway-api that settles a second too early", gateway(gatewayHost) + "  settle: 4m59s\n", `32:11: spec.settle: value "4m59s" is invalid: allowed at least 5m with gateway-api: a canary that has lost its pods fails its share of the requests there, so every commit needs the time to be applied`},
		{"44 a prefix that ends in a slash", swap("path: /cart", "paths: [/, /cart/, /cart/x/]"), lines(
			`25:16: spec.route.paths[1]: value "/cart/" is invalid: allowed /cart: a Prefix is for the path itself and all below it`,
			`25:24: spec.route.paths[2]: value "/cart/x/" is invalid: allowed /cart/x: a Prefix is for the path itself and all below it`)},
		{"44 a prefix of a rule that ends in a slash", swap("path: /cart", "rules: [{paths: [/a/], pathType: Exact}, {paths: [/a/]}]"),
			`25:55: spec.route.rules[1].paths[0]: value "/a/" is invalid: allowed /a: a Prefix is for the path itself and all below it`},
		{"GRPC paths", gateway(gatewayHost + "    protocol: GRPC\n    rules: [{paths: [/, /a.B]}, {paths: [/a/b/c, /1a, /a-b.C/D, /A/b.c]}, {paths: [/a.B], pathType: Exact}]\n"), lines(
			`28:22: spec.route.rules[0].paths[0]: value "/" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:42: spec.route.rules[1].paths[0]: value "/a/b/c" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:50: spec.route.rules[1].paths[1]: value "/1a" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:55: spec.route.rules[1].paths[2]: value "/a-b.C/D" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:65: spec.route.rules[1].paths[3]: value "/A/b.c" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:84: spec.route.rules[2].paths[0]: value "/a.B" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
		)},
		{"GRPC paths with a slash too many", gateway(gatewayHost + "    protocol: GRPC\n    rules: [{paths: [/a.B/C/, /a.B/], pathType: Exact}, {paths: [/], pathType: Exact}]\n"), lines(
			`28:22: spec.route.rules[0].paths[0]: value "/a.B/C/" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:31: spec.route.rules[0].paths[1]: value "/a.B/" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`,
			`28:66: spec.route.rules[1].paths[0]: value "/" is invalid: allowed /SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself`)},
		{"GRPC with another name", gateway(gatewayHost + "    protocol: gRPC\n"), `27:15: spec.route.protocol: value "gRPC" is invalid: allowed HTTP, GRPC`},
		{"a filter of no type", gateway(gatewayHost + "    filters: [{requestHeaderModifier: {remove: [a]}}]\n"), `27:15: spec.route.filters[0].type: is missing: allowed RequestHeaderModifier, ResponseHeaderModifier, URLRewrite, ExtensionRef`},
		{"a filter of an unknown type", gateway(gatewayHost + "    filters: [{type: RequestRedirect}]\n"), `27:22: spec.route.filters[0].type: value "RequestRedirect" is invalid: allowed RequestHeaderModifier, ResponseHeaderModifier, URLRewrite, ExtensionRef`},
		{"filters that are not what their type says", gateway(gatewayHost + "    filters: [{type: URLRewrite, requestHeaderModifier: {remove: [a]}}, {type: ExtensionRef}]\n"), lines(
			`27:15: spec.route.filters[0]: is not what its type says: allowed type URLRewrite and the field urlRewrite, and no other`,
			`27:73: spec.route.filters[1]: is not what its type says: allowed type ExtensionRef and the field extensionRef, and no other`,
		)},
		{"a filter twice", gateway(gatewayHost + "    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [b]}}]\n"), `27:91: spec.route.filters[1].type: value "RequestHeaderModifier" is invalid: allowed each type once, but for ExtensionRef`},
		{"filters that change nothing", gateway(gatewayHost + "    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {}}, {type: URLRewrite, urlRewrite: {}}]\n"), lines(
			`27:68: spec.route.filters[0].requestHeaderModifier: changes nothing: allowed set, add or remove`,
			`27:104: spec.route.filters[1].urlRewrite: changes nothing: allowed hostname or path`,
		)},
		{"a filter that sets a header twice", gateway(gatewayHost + "    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: b}, {name: a, value: c}]}}]\n"), `27:103: spec.route.filters[0].requestHeaderModifier.set[1].name: value "a" is invalid: allowed each header once`},
		{"a filter's header of two lines", gateway(gatewayHost + "    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: A, value: \"b\\nc\"}, {name: 'a b', value: c}]}}]\n"), lines(
			`27:94: spec.route.filters[0].responseHeaderModifier.set[0].value: value "b\nc" is invalid: allowed printable ASCII without spaces at the ends, at most 4096 characters`,
			"27:110: spec.route.filters[0].responseHeaderModifier.set[1].name: value \"a b\" is invalid: allowed a header's name: letters, digits and ! # $ % & ' * + . ^ _ ` | ~ -, at most 256 characters",
		)},
		{"a rewrite that is not what its type says", gateway(gatewayHost + "    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replacePrefixMatch: /}}}]\n"), `27:53: spec.route.filters[0].urlRewrite.path: is not what its type says: allowed type ReplaceFullPath and the field replaceFullPath, and no other`},
		{"a rewrite that says two things", gateway(gatewayHost + "    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /, replacePrefixMatch: /}}}]\n"),
			"27:53: spec.route.filters[0].urlRewrite.path: is not what its type says: allowed type ReplaceFullPath and the field replaceFullPath, and no other"},
		{"a prefix rewritten of an exact path", gateway(gatewayHost + "    path: /a\n    pathType: Exact\n    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]\n"), `29:60: spec.route.filters[0].urlRewrite.path.type: value "ReplacePrefixMatch" is invalid: allowed ReplaceFullPath, or a rule with one path, of type Prefix`},
		{"a prefix rewritten of two paths", gateway(gatewayHost + "    rules: [{paths: [/a, /b], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]}]\n"), `27:86: spec.route.rules[0].filters[0].urlRewrite.path.type: value "ReplacePrefixMatch" is invalid: allowed ReplaceFullPath, or a rule with one path, of type Prefix`},
		{"a rewrite with GRPC", gateway(gatewayHost + "    protocol: GRPC\n    filters: [{type: URLRewrite, urlRewrite: {hostname: a.b}}]\n"), `28:22: spec.route.filters[0].type: value "URLRewrite" is invalid: allowed RequestHeaderModifier, ResponseHeaderModifier, ExtensionRef with protocol GRPC`},
		{"filters beside rules", gateway(gatewayHost + "    rules: [{paths: [/a]}]\n    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}]\n"), `28:14: spec.route.filters: is given beside rules: allowed in an entry of rules`},
		{"ingress-nginx with what an HTTPRoute has", swap("path: /cart\n", "path: /cart\n    protocol: GRPC\n    parentRefs: [{name: a}]\n    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}]\n"), lines(
			`26:15: spec.route.protocol: value "GRPC" is invalid: allowed HTTP with ingress-nginx`,
			`27:17: spec.route.parentRefs: is given: allowed class with ingress-nginx, or router: gateway-api`,
			`28:14: spec.route.filters: is given: allowed no filters with ingress-nginx: router gateway-api has them`,
		)},
		{"an unknown router", swap("path: /cart\n", "path: /cart\n    router: traefik\n"), `26:13: spec.route.router: value "traefik" is invalid: allowed ingress-nginx, gateway-api`},
		{"an appProtocol with a space", swap("targetPort: web", "targetPort: web\n    appProtocol: h2 c"), `23:18: spec.service.appProtocol: value "h2 c" is invalid: allowed a protocol such as http, https or kubernetes.io/h2c, at most 253 characters`},
		{"several: 15 and 17, weights 20% and 101", swap("setWeight: 20", "setWeight: 20%", "setWeight: 50", "setWeight: 101"), lines(
			`30:16: spec.steps[0].setWeight: value "20%" is invalid: allowed 0 to 100`,
			`33:16: spec.steps[2].setWeight: value "101" is invalid: allowed 0 to 100`,
		)},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, err := render.ParseSpec("canary.yaml", []byte(c.text))
			if err == nil {
				t.Fatalf("accepted; want\n%s", c.want)
			}
			var list render.SpecError
			if spec != nil || !errors.As(err, &list) {
				t.Fatalf("got spec %v and a %T, want no spec and a SpecError: %v", spec, err, err)
			}
			got := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\ncanary.yaml:", "\n"), "canary.yaml:")
			if diff := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			oneLineEach(t, list)
		})
	}
}

// oneLineEach holds for every error: one line, nothing that a terminal obeys, in the order of the file, and not the whole of a long value.
func oneLineEach(t *testing.T, list render.SpecError) {
	t.Helper()
	line := 0
	for _, e := range list {
		text := e.Error()
		if strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("control characters in %q", text)
		}
		if len(text) > 600 {
			t.Errorf("%d bytes in one error: %q", len(text), text)
		}
		if e.Line < line {
			t.Errorf("line %d after line %d", e.Line, line)
		}
		line = e.Line
	}
}

// goodJSON is good in another notation.
const goodJSON = `{
  "apiVersion": "gitramp.dev/v1alpha1",
  "kind": "Canary",
  "metadata": {
    "name": "shop",
    "namespace": "web"
  },
  "spec": {
    "image": "example.com/shop:2",
    "stable": {
      "image": "example.com/shop:1"
    },
    "port": 8080,
    "replicas": 4,
    "imagePullPolicy": "Always",
    "env": [
      {
        "name": "LEVEL",
        "value": "info"
      }
    ],
    "resources": {
      "requests": {
        "cpu": "100m"
      }
    },
    "service": {
      "port": 80,
      "name": "web",
      "targetPort": "web"
    },
    "route": {
      "host": "shop.example.com",
      "path": "/cart",
      "match": [
        {
          "header": {
            "name": "X-Canary"
          }
        }
      ]
    },
    "steps": [
      {
        "setWeight": 20
      },
      {
        "pause": {
          "duration": "10m"
        }
      },
      {
        "setWeight": 50
      }
    ]
  }
}
`

// TestSameSpec reads good in other notations: they all mean the very same.
func TestSameSpec(t *testing.T) {
	want, err := render.ParseSpec("canary.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	tabs := goodJSON
	for strings.Contains(tabs, "\n  ") || strings.Contains(tabs, "\t  ") {
		tabs = strings.NewReplacer("\n  ", "\n\t", "\t  ", "\t\t").Replace(tabs)
	}
	for _, c := range []struct{ name, text string }{
		{"13 JSON", goodJSON},
		{"13 JSON indented with tabs", tabs},
		{"13 JSON in one line", strings.Join(strings.Fields(goodJSON), "")},
		{"13 JSON with a byte order mark", "\ufeff" + goodJSON},
		{"13 JSON indented with tabs, with a byte order mark", "\ufeff" + tabs},
		{"CR LF", strings.ReplaceAll(good, "\n", "\r\n")},
		{"byte order mark", "\ufeff" + good},
		{"document markers", "---\n" + good + "...\n"},
		{"no newline at the end", strings.TrimSuffix(good, "\n")},
		{"comments", "# on top\n\n" + strings.ReplaceAll(good, "\n", " # here\n") + "# at the end\n"},
		{"double quotes", swap("image: example.com/shop:2", `image: "example.com/shop:2"`, "value: info", `value: "info"`, "kind: Canary", `"kind": "Canary"`)},
		{"single quotes", swap("value: info", "value: 'info'", "host: shop.example.com", "host: 'shop.example.com'")},
		{"folded text", swap("value: info", "value: >-\n      info")},
		{"flow style", swap("stable:\n    image: example.com/shop:1", "stable: {image: example.com/shop:1}", "setWeight: 50", "{setWeight: 50}")},
		{"other indentation", swap(goodSteps, "  steps:\n      - setWeight: 20\n      - pause:\n          duration: 10m\n      - setWeight: 50\n")},
		{"other order", swap("apiVersion: gitramp.dev/v1alpha1\n", "") + "apiVersion: gitramp.dev/v1alpha1\n"},
		{"28 pause of bare seconds", swap("duration: 10m", "duration: 600")},
		{"28 pause of bare seconds in quotes", swap("duration: 10m", `duration: "600"`)},
		{"28 pause in seconds", swap("duration: 10m", "duration: 600s")},
		{"28 pause in two units", swap("duration: 10m", "duration: 9m60s")},
		{"defaults that are written out", swap("port: 8080\n", "port: 8080\n  minPods: 1\n  defaults: production\n  settle: 10m\n",
			"path: /cart\n", "path: /cart\n    pathType: Prefix\n    class: nginx\n    router: ingress-nginx\n    weightTotal: 100\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := render.ParseSpec("canary.yaml", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Metadata, got.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			got.Spec.Route = want.Spec.Route // as written; what it means is in routes
			if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAccepted goes through what looks odd and is right, and what is right and gets a warning.
func TestAccepted(t *testing.T) {
	for _, c := range []struct {
		name, text string
		check      func(*render.Canary) any
		want       any
	}{
		{"28 a bare number is seconds", swap("duration: 10m", "duration: 90"), firstPause, "1m30s"},
		{"gateway-api that settles in five minutes", gateway(gatewayHost) + "  settle: 5m\n", stepNames, "idle prepare weight-20 weight-50 full promote restore cleanup"},
		{"28 no pause at all", swap("duration: 10m", "duration: 0"), firstPause, "0s"},
		{"28 the longest pause", swap("duration: 10m", "duration: 8760h"), firstPause, "8760h"},
		{"29 the last step is not 100", good, stepNames, "idle prepare weight-20 weight-50 full promote restore cleanup"},
		{"29 the last step is 100", swap("setWeight: 50", "setWeight: 100"), stepNames, "idle prepare weight-20 full promote restore cleanup"},
		{"29 the last step is the whole of another total", swap("path: /cart\n", "path: /cart\n    weightTotal: 200\n", "setWeight: 50", "setWeight: 200"), stepNames,
			"idle prepare weight-20-of-200 full promote restore cleanup"},
		{"29 only pauses", swap(goodSteps, "  steps:\n  - pause: {}\n"), stepNames, "idle prepare weight-0 full promote restore cleanup"},
		{"29 names", swap("- setWeight: 20\n", "- name: first\n    setWeight: 20\n"), stepNames, "idle prepare first weight-50 full promote restore cleanup"},
		{"29 a step of 100 that is called full", swap("setWeight: 50", "setWeight: 100\n    name: full"), stepNames, "idle prepare weight-20 full promote restore cleanup"},
		{"27 weightTotal 1000", swap("path: /cart\n", "path: /cart\n    weightTotal: 1000\n", "setWeight: 50", "setWeight: 999"), stepNames,
			"idle prepare weight-20-of-1000 weight-999-of-1000 full promote restore cleanup"},
		{"24 weight 0 first", swap("setWeight: 20", "setWeight: 0"), stepNames, "idle prepare weight-0 weight-50 full promote restore cleanup"},
		{"26 90 steps", swap(goodSteps, manySteps(90)), stepCount, 96},
		{"26 90 steps, the first of them a pause and the last of them to all pods", swap(goodSteps, "  steps:\n  - pause: {}\n  - setCanaryScale: {replicas: 1}\n"+
			strings.TrimPrefix(manySteps(88), "  steps:\n")), stepCount, 97},
		{"a pause first, and then weight 0", swap(goodSteps, "  steps:\n  - pause: {}\n  - setWeight: 0\n  - setWeight: 50\n"), repeatedNames, ""},
		{"pods back to what the weight needs, twice", swap(goodSteps, "  steps:\n  - setCanaryScale: {replicas: 2}\n  - setCanaryScale: {matchTrafficWeight: true}\n"+
			"  - setWeight: 50\n  - setCanaryScale: {replicas: 4}\n  - setCanaryScale: {matchTrafficWeight: true}\n"), repeatedNames, ""},
		{"30 name of one letter", swap("name: shop\n", "name: a\n"), name, "a"},
		{"32 name of 56 characters", swap("name: shop\n", "name: "+strings.Repeat("a", 56)+"\n"), name, strings.Repeat("a", 56)},
		{"32 name of 63 characters, with names for the canary", swap("name: shop\n", "name: "+strings.Repeat("a", 63)+"\n",
			goodSteps, "  output:\n    names:\n      canary: {deployment: canary, service: canary}\n"+goodSteps), name, strings.Repeat("a", 63)},
		{"33 namespace default", swap("namespace: web", "namespace: default"), outputPath, "deploy/default/shop"},
		{"33 no namespace", swap("  namespace: web\n", ""), outputPath, "deploy/shop"},
		{"33 namespace kube-system", swap("namespace: web", "namespace: kube-system"), warnings,
			"canary.yaml:5:14: metadata.namespace: warning: kube-system is a namespace of Kubernetes itself"},
		{"38 image with the tag latest", swap("example.com/shop:2", "example.com/shop:latest"), warnings,
			"canary.yaml:7:10: spec.image: warning: the tag latest can become another image without a commit: name a version or a digest"},
		{"38 image without a tag", swap("example.com/shop:2", "example.com:5000/shop"), warnings,
			"canary.yaml:7:10: spec.image: warning: the tag latest can become another image without a commit: name a version or a digest"},
		{"38 image with a port, a tag and a digest", swap("example.com/shop:2", "example.com:5000/a/b__c/d--e:V_1.0@sha256:"+strings.Repeat("0a", 32)), warnings, ""},
		{"38 image of the seed", swap("example.com/shop:2", "argoproj/rollouts-demo:green"), warnings, ""},
		{"39 stable is the image itself: what the tree holds decides", swap("example.com/shop:1", "example.com/shop:2"), warnings, ""},
		{"41 hosts and paths", swap("host: shop.example.com", "hosts: [shop.example.com, \"*.shop.example.com\"]", "path: /cart", "paths: [/cart, /cart/x, /]"), hosts,
			"shop.example.com *.shop.example.com"},
		{"41 routes", swap(goodRoute, "  routes: [{host: shop.example.com}]\n"), hosts, "shop.example.com"},
		{"44 a path with all that may stand in it", swap("path: /cart", "path: /A-z/0.9/_x-y/\n    pathType: Exact"), hosts, "shop.example.com"},
		{"48 a header value of always is an ordinary value", swap("name: X-Canary\n", "name: X-Canary\n        value: always\n"), hosts, "shop.example.com"},
		{"48 a header and a cookie", swap("name: X-Canary\n", "name: X-Canary\n    - cookie:\n        name: canary\n"), hosts, "shop.example.com"},
		{"49 patterns without danger", swap("name: X-Canary\n", "name: X-Canary\n        pattern: '(?:eu|us)-[a-z]+-\\d{1,3}'\n"), hosts, "shop.example.com"},
		{"48 a header with three values, and cookies that differ by case", gateway(gatewayHost + "    match: [{header: {name: A}}, {header: {name: A, value: b}}, {header: {name: A, pattern: b}}, {cookie: {name: c}}, {cookie: {name: C}}]\n"),
			hosts, "a.example.com"},
		{"quantities without quotes", swap("cpu: 100m", "cpu: 1\n      memory: 0.5Gi\n      example.com/gpu: \"2\""), hosts, "shop.example.com"},
		{"env text that looks like something else, in quotes", swap("value: info", `value: "020"`), hosts, "shop.example.com"},
		{"env text of several lines", swap("value: info", "value: |\n      a\n      b"), hosts, "shop.example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, err := render.ParseSpec("canary.yaml", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, c.check(spec)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func firstPause(c *render.Canary) any { return c.Spec.Steps[1].Pause.Duration.String() }
func name(c *render.Canary) any       { return c.Metadata.Name }
func outputPath(c *render.Canary) any { return c.OutputPath() }
func hosts(c *render.Canary) any      { return strings.Join(c.RouteSpec().Hosts, " ") }
func warnings(c *render.Canary) any   { return strings.Join(c.Warnings(), "\n") }
func stepCount(c *render.Canary) any  { return len(c.Plan().Steps) }

func stepNames(c *render.Canary) any {
	var names []string
	for _, st := range c.Plan().Steps {
		names = append(names, st.Name)
	}
	return strings.Join(names, " ")
}

// repeatedNames are the steps that cannot be told apart by name.
func repeatedNames(c *render.Canary) any {
	var repeated []string
	seen := map[string]bool{}
	for _, st := range c.Plan().Steps {
		if seen[st.Name] {
			repeated = append(repeated, st.Name)
		}
		seen[st.Name] = true
	}
	return strings.Join(repeated, " ")
}
