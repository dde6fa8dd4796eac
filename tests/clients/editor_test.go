package clients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// editor speaks the language server protocol with the real yaml-language-server, as VS Code does.
type editor struct {
	t    *testing.T
	in   io.Writer
	from chan message
	last int
}

type message struct {
	ID     *int            `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
}

func startEditor(t *testing.T) *editor {
	t.Helper()
	need(t, "npm")
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--silent")
	install.Dir = "editor"
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	cmd := exec.Command("editor/node_modules/.bin/yaml-language-server", "--stdio")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	e := &editor{t: t, in: in, from: make(chan message, 100)}
	go e.read(bufio.NewReader(out))
	e.ask("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{}})
	e.send("initialized", nil, map[string]any{})
	return e
}

func (e *editor) read(r *bufio.Reader) {
	defer close(e.from)
	for {
		length := 0
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line = strings.TrimSpace(line); line == "" {
				break
			}
			if value, ok := strings.CutPrefix(line, "Content-Length: "); ok {
				length, _ = strconv.Atoi(value)
			}
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m message
		if json.Unmarshal(body, &m) == nil {
			e.from <- m
		}
	}
}

func (e *editor) send(method string, id *int, params any) {
	e.t.Helper()
	m := map[string]any{"jsonrpc": "2.0", "method": method, "params": params}
	if id != nil {
		m["id"] = *id
	}
	body, err := json.Marshal(m)
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(e.in, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		e.t.Fatal(err)
	}
}

// wait returns the first message that is asked for.
func (e *editor) wait(what string, is func(message) bool) message {
	e.t.Helper()
	end := time.After(60 * time.Second)
	for {
		select {
		case m, ok := <-e.from:
			if !ok {
				e.t.Fatalf("the server ended before %s", what)
			}
			if is(m) {
				return m
			}
			if m.ID != nil && m.Method != "" { // the server asks for its settings
				body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":[{},{},{},{}]}`, *m.ID)
				_, _ = fmt.Fprintf(e.in, "Content-Length: %d\r\n\r\n%s", len(body), body)
			}
		case <-end:
			e.t.Fatalf("no answer to %s", what)
		}
	}
}

func (e *editor) ask(method string, params any) json.RawMessage {
	e.t.Helper()
	e.last++
	id := e.last
	e.send(method, &id, params)
	return e.wait(method, func(m message) bool { return m.Method == "" && m.ID != nil && *m.ID == id }).Result
}

// open returns what is wrong with a document, as "LINE: MESSAGE".
func (e *editor) open(path, text string) []string {
	e.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		e.t.Fatal(err)
	}
	uri := "file://" + path
	e.send("textDocument/didOpen", nil, map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
	m := e.wait("diagnostics", func(m message) bool {
		return m.Method == "textDocument/publishDiagnostics" && strings.Contains(string(m.Params), uri)
	})
	var p struct {
		Diagnostics []struct {
			Message string
			Range   struct{ Start struct{ Line int } }
		}
	}
	if err := json.Unmarshal(m.Params, &p); err != nil {
		e.t.Fatal(err)
	}
	var list []string
	for _, d := range p.Diagnostics {
		list = append(list, fmt.Sprintf("%d: %s", d.Range.Start.Line+1, d.Message))
	}
	slices.Sort(list)
	return list
}

// TestEditorFlagsMistakes: what init writes is clean, and a typo or a number out of range is underlined where it stands, with zero configuration.
func TestEditorFlagsMistakes(t *testing.T) {
	gitramp(t)
	e := startEditor(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	spec := filepath.Join(dir, "canary.yaml")
	run(t, "gitramp", "init", spec, "--name", "shop", "--image", "shop:2", "--stable", "shop:1", "--host", "shop.example.com")
	data, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	if wrong := e.open(filepath.Join(dir, "good.yaml"), good); len(wrong) > 0 {
		t.Fatalf("what init writes: %q", wrong)
	}
	for i, c := range []struct{ old, bad, want string }{
		{"- setWeight: 20", "- setWieght: 20", "Property setWieght is not allowed."},
		{"- setWeight: 20", "- setWeight: 120", "Value is above the maximum of 100."},
		{"- setWeight: 20", "- setWeight: -1", "Value is below the minimum of 0."},
		{"- setWeight: 20", "- setWeight: 20%", "Incorrect type. Expected \"integer\"."},
		{"replicas: 2 ", "wieght: 2 ", "Property wieght is not allowed."},
		{"port: 8080 ", "port: 80800 ", "Value is above the maximum of 65535."},
		{"router: ingress-nginx", "router: traefik", "Value is not accepted. Valid values: \"ingress-nginx\", \"gateway-api\"."},
		{"  port: 8080 ", "  # port: 8080 ", "Missing property \"port\"."},
		{"host: shop.example.com", "host: Shop.example.com", "String does not match the pattern of"},
	} {
		text := strings.Replace(good, c.old, c.bad, 1)
		wrong := e.open(filepath.Join(dir, fmt.Sprintf("bad%d.yaml", i)), text)
		line := strings.Count(text[:strings.Index(text, c.bad)], "\n") + 1
		if len(wrong) != 1 || !strings.Contains(wrong[0], c.want) || !strings.Contains(c.want, "Missing") && !strings.HasPrefix(wrong[0], fmt.Sprint(line)+":") {
			t.Errorf("%s: %q, want %d: %s", strings.TrimSpace(c.bad), wrong, line, c.want)
		}
	}
	total := strings.Replace(good, "    router:", "    weightTotal: 1000\n    router:", 1)
	if wrong := e.open(filepath.Join(dir, "total.yaml"), strings.Replace(total, "setWeight: 50", "setWeight: 500", 1)); len(wrong) > 0 {
		t.Errorf("500 of 1000: %q", wrong)
	}
	checkHover(t, e, filepath.Join(dir, "good.yaml"), good)
	fixturesAreClean(t, e, dir)
}

// checkHover: the comment of the Go type is what hovering shows, and completion offers what is allowed.
func checkHover(t *testing.T, e *editor, path, text string) {
	t.Helper()
	place := func(before string) map[string]any {
		at := strings.Index(text, before) + len(before)
		return map[string]any{"textDocument": map[string]any{"uri": "file://" + path},
			"position": map[string]any{"line": strings.Count(text[:at], "\n"), "character": at - strings.LastIndex(text[:at], "\n") - 1}}
	}
	if hover := string(e.ask("textDocument/hover", place("  replic"))); !strings.Contains(hover, "number of prod's pods") {
		t.Errorf("hover over replicas: %s", hover)
	}
	if words := string(e.ask("textDocument/completion", place("router: "))); !strings.Contains(words, "gateway-api") {
		t.Errorf("completion of router: %s", words)
	}
}

// fixturesAreClean: the schema refuses nothing that gitramp accepts.
func fixturesAreClean(t *testing.T, e *editor, dir string) {
	t.Helper()
	files, err := filepath.Glob("../../fixtures/*/canary.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := "# yaml-language-server: $schema=./canary.schema.json\n" + string(data)
		if wrong := e.open(filepath.Join(dir, fmt.Sprintf("fixture%d.yaml", i)), text); len(wrong) > 0 {
			t.Errorf("%s: %q", file, wrong)
		}
	}
}
