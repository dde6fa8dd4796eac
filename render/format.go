package render

import (
	"regexp"
	"strings"
	"sync"
)

// format is a rule for a string, named by the `format` tag of a field.
type format struct {
	allowed string            // what the error says
	max     int               // bytes
	pattern string            // what it looks like, as the schema says it; more may be asked for
	valid   func(string) bool // all of it but for the length

	fault func(string) (why, allowed string) // of a format that asks for much: the first thing that is wrong
}

// lazy compiles when it is first asked: most specs need a few of the formats, and a start should not pay for all.
func lazy(p string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(p) })
}

func pattern(p string) func(string) bool {
	re := lazy(p)
	return func(s string) bool { return re().MatchString(s) }
}

// rule is a format that is a pattern, and what the pattern cannot say.
func rule(allowed string, max int, p string, more ...func(string) bool) format {
	looks := pattern(p)
	return format{allowed: allowed, max: max, pattern: p, valid: func(s string) bool {
		for _, also := range more {
			if !also(s) {
				return false
			}
		}
		return looks(s)
	}}
}

// with makes a format say what is wrong with a value.
func (f format) with(fault func(string) (why, allowed string)) format {
	f.fault = fault
	return f
}

const (
	label     = `[a-z0-9](?:[-a-z0-9]*[a-z0-9])?`
	domain    = label + `(?:\.` + label + `)*`
	beginning = `^[a-z](?:[-a-z0-9]*[a-z0-9])?$`
)

// formats are whitelists: whatever ends up in a manifest, a path, a commit or a router's configuration passes one of them. The ones for routes are at
// least as strict as the strictest router's own validators (ingress-nginx: BasicCharsRegex in internal/ingress/annotations/parser/validators.go), whose holes
// were its injection CVEs, so that a spec means the same on all of them.
var formats = map[string]format{
	"dns1035label":     rule("lower-case letters, digits and -, beginning with a letter and ending with a letter or digit, at most 63 characters", 63, beginning),
	"dns1123label":     rule("lower-case letters, digits and -, beginning and ending with a letter or digit, at most 63 characters", 63, `^`+label+`$`),
	"dns1123subdomain": rule("lower-case letters, digits, - and ., each part beginning and ending with a letter or digit, at most 253 characters", 253, `^`+domain+`$`),
	"stepName":         rule("lower-case letters, digits and -, beginning with a letter and ending with a letter or digit, at most 40 characters", 40, beginning),
	"portName":         rule("lower-case letters, digits and single -, with at least one letter, at most 15 characters", 15, `^`+label+`$`, portName),
	"image":            rule("an image reference such as registry.example.com/team/app:1.2 or app@sha256:<64 hex digits>", 512, imageRef),
	"host":             rule("a DNS name in lower case such as shop.example.com, or with one leading wildcard label such as *.example.com", 253, `^(?:\*\.)?`+domain+`$`, host),
	"path":             rule("an absolute path of letters, digits and . _ - /, at most 255 characters, without //, /./ or /../", 255, `^/[A-Za-z0-9._/-]*$`, urlPath),
	"header":           rule("letters, digits and - (not a header that HTTP itself uses, such as Host, Cookie or Connection), at most 63 characters", 63, `^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$`, notReserved),
	"headerValue":      rule("letters, digits and . _ ~ / : -, at most 200 characters", 200, `^[A-Za-z0-9._~/:-]+$`),
	"regex":            rule("a regular expression of printable ASCII without quotes, backquotes and semicolons, that RE2 and PCRE read alike, with at most 2 open and 4 variable repetitions, 3 groups, and no repetition of something that repeats or chooses, at most 200 characters", 200, `^[ -~]+$`, safeRegex).with(regexFault),
	"cookie":           rule("letters, digits and . _ ~ -, at most 63 characters", 63, `^[A-Za-z0-9._~-]+$`),
	"httpHeader":       rule("a header's name: letters, digits and ! # $ % & ' * + . ^ _ ` | ~ -, at most 256 characters", 256, "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"),
	"httpHeaderValue":  rule("printable ASCII without spaces at the ends, at most 4096 characters", 4096, `^[!-~](?:[ -~]*[!-~])?$`),
	"kind":             rule("letters, digits and -, beginning with a letter, at most 63 characters", 63, `^[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?$`),
	"appProtocol":      rule("a protocol such as http, https or kubernetes.io/h2c, at most 253 characters", 253, `^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
	"envName":          rule("letters, digits and _ . -, not beginning with a digit", 253, `^[-._a-zA-Z][-._a-zA-Z0-9]*$`),
	"configKey":        rule("letters, digits and - _ .", 253, `^[-._a-zA-Z0-9]+$`),
	"fieldPath":        rule("a field path such as metadata.name, metadata.labels['app'] or limits.cpu", 253, `^[a-zA-Z][a-zA-Z0-9.\-_/]*(?:\['[a-zA-Z0-9._/-]+'\])?$`),
	"quantity":         rule("a quantity such as 5m, 0.5, 32Mi or 1", 32, `^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$`),
	"resourceName":     rule("a resource name such as cpu, memory or example.com/gpu", 63, `^(?:[a-z0-9.-]+/)?[a-zA-Z0-9][a-zA-Z0-9._-]*$`),
	"basePath":         rule("a relative path of letters, digits and . _ - / to a directory, at most 200 characters", 200, `^[A-Za-z0-9._][A-Za-z0-9._/-]*$`),
	"labelKey":         rule("a label's name such as tier or example.com/tier", 317, `^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
	"labelValue":       rule("letters, digits and - _ ., beginning and ending with a letter or digit, at most 63 characters", 63, `^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`),
	"annotation":       rule("printable text in one line, at most 4096 characters", 4096, `^[ -~]*$`),
	"digest":           {allowed: "sha256: and 64 hexadecimal digits", max: 71, pattern: `^sha256:[0-9a-f]{64}$`, valid: isDigest},
	"outputPath":       rule("a relative path of letters, digits and . _ - / that stays inside the repository and out of .git, at most 200 characters", 200, `^[A-Za-z0-9._/-]+$`, outputPath),
}

const imageRef = `^(?:[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?` + // registry
	`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*` + // repository
	`(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$` // tag, digest

// isDigest is the pattern of digests: a lock has ten, and every regular expression takes longer than to make one.
func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

func portName(s string) bool {
	return strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz") && !strings.Contains(s, "--")
}

// host is Kubernetes' rule for an Ingress host: a DNS name, not an IP address.
func host(s string) bool {
	name := strings.TrimPrefix(s, "*.")
	parts := strings.Split(name, ".")
	for _, p := range parts {
		if len(p) > 63 {
			return false
		}
	}
	return !allDigits(parts[len(parts)-1])
}

func urlPath(s string) bool {
	if strings.Contains(s, "//") {
		return false
	}
	for _, part := range strings.Split(s, "/") {
		if part == "." || part == ".." {
			return false
		}
	}
	return true
}

// reservedHeaders carry the connection or the request itself; a rule on one of them would also catch ordinary requests.
var reservedHeaders = map[string]bool{"host": true, "cookie": true, "connection": true, "content-length": true, "content-type": true, "transfer-encoding": true,
	"upgrade": true, "te": true, "trailer": true, "keep-alive": true, "expect": true, "proxy-authorization": true, "proxy-connection": true}

// notReserved: and the pattern leaves out _ as well, for nginx drops such request headers by default (underscores_in_headers off).
func notReserved(s string) bool { return !reservedHeaders[strings.ToLower(s)] }

func outputPath(s string) bool {
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "-") {
		return false
	}
	for _, part := range strings.Split(s, "/") {
		if part == "" || part == "." || part == ".." || strings.EqualFold(part, ".git") || strings.HasPrefix(part, "-") {
			return false
		}
	}
	return true
}
