package pulls

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// pull is a pull request, as GitHub's REST API has it.
type pull struct {
	Number int     `json:"number"`
	State  string  `json:"state"`
	Title  string  `json:"title"`
	Body   string  `json:"body"`
	URL    string  `json:"html_url"`
	Merged *string `json:"merged_at"`
	Head   ref     `json:"head"`
	Base   ref     `json:"base"`
}

type ref struct {
	Ref string `json:"ref"`
	SHA string `json:"sha"`
}

// github is the part of GitHub that the pipeline talks to, over a real repository: a pull request's head is where its branch is, and one whose branch goes is closed.
type github struct {
	site  *site
	mu    sync.Mutex
	pulls []*pull
	asked []string // methods and paths
	fail  int      // what writes are answered with, 0 for what they are due
	blind bool     // reads are answered with 503
}

const token = "ghs_thisIsASecret0123456789"

// newGitHub listens on a socket that gh is told of: no port and no name has to be had on the machine.
func newGitHub(t *testing.T, s *site) *github {
	t.Helper()
	g := &github{site: s}
	listener, err := net.Listen("unix", s.at("api.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	s.write("gh/config.yml", "http_unix_socket: "+s.at("api.sock")+"\n")
	s.env = append(s.env, "GH_CONFIG_DIR="+s.at("gh"), "GITHUB_SERVER_URL=https://github.localhost", "GITHUB_REPOSITORY=acme/shop")
	return g
}

func (g *github) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, r.Method+" "+r.URL.Path)
	g.look()
	rest, ok := strings.CutPrefix(r.URL.Path, "/repos/acme/shop/pulls")
	if !ok || r.Host != "api.github.localhost" || r.Header.Get("Authorization") != "token "+token {
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		return
	}
	var in struct{ Title, Body, Head, Base string }
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || g.fail != 0 {
			answer(w, max(g.fail, http.StatusBadRequest), map[string]string{"message": fmt.Sprint("no: ", err)})
			return
		}
	}
	number, _ := strconv.Atoi(strings.TrimPrefix(rest, "/"))
	switch {
	case g.blind && r.Method == http.MethodGet:
		answer(w, http.StatusServiceUnavailable, map[string]string{"message": "no"})
	case r.Method == http.MethodGet && rest == "":
		answer(w, http.StatusOK, g.list(r.URL.Query()))
	case r.Method == http.MethodPost && rest == "":
		g.open(w, in.Title, in.Body, in.Head, in.Base)
	case r.Method == http.MethodPatch && number > 0 && number <= len(g.pulls):
		p := g.pulls[number-1]
		p.Title, p.Body = in.Title, in.Body
		answer(w, http.StatusOK, p)
	default:
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
	}
}

func (g *github) list(query map[string][]string) []*pull {
	list := []*pull{}
	for _, p := range slices.Backward(g.pulls) {
		if slices.Equal(query["base"], []string{p.Base.Ref}) && slices.Equal(query["head"], []string{"acme:" + p.Head.Ref}) {
			list = append(list, p)
		}
	}
	return list
}

func (g *github) open(w http.ResponseWriter, title, body, head, base string) {
	sha, there := g.branches()[head]
	exists := slices.ContainsFunc(g.pulls, func(p *pull) bool { return p.State == "open" && p.Head.Ref == head && p.Base.Ref == base })
	if !there || exists || len(body) > 65536 || len(title) > 256 {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "Validation Failed"})
		return
	}
	n := len(g.pulls) + 1
	p := &pull{Number: n, State: "open", Title: title, Body: body, URL: fmt.Sprintf("https://github.localhost/acme/shop/pull/%d", n), Head: ref{head, sha}, Base: ref{Ref: base}}
	g.pulls = append(g.pulls, p)
	answer(w, http.StatusCreated, p)
}

// look brings the pull requests in line with the repository.
func (g *github) look() {
	at := g.branches()
	for _, p := range g.pulls {
		if sha, there := at[p.Head.Ref]; p.State == "open" && there {
			p.Head.SHA = sha
		} else if p.State == "open" {
			p.State = "closed"
		}
	}
}

func (g *github) branches() map[string]string {
	out, err := g.site.try("hub.git", nil, "git", "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
	if err != nil {
		panic(err)
	}
	at := map[string]string{}
	for line := range strings.Lines(out) {
		name, sha, _ := strings.Cut(strings.TrimSpace(line), " ")
		at[name] = sha
	}
	return at
}

// merge merges an open pull request.
func (g *github) merge(t *testing.T, how string, number int) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pulls[number-1]
	if p.State != "open" {
		t.Fatalf("pull request %d is %s", number, p.State)
	}
	g.site.merge(how, p.Head.Ref)
	when := "2026-11-22T12:00:00Z"
	p.State, p.Merged = "closed", &when
}

// state is the pull requests in a line each.
func (g *github) state() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.look()
	var lines []string
	for _, p := range g.pulls {
		state := p.State
		if p.Merged != nil {
			state = "merged"
		}
		lines = append(lines, fmt.Sprintf("%d %s %s", p.Number, state, p.Title))
	}
	return strings.Join(lines, "\n")
}

// writes is how often something was changed.
func (g *github) writes() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.asked {
		if !strings.HasPrefix(a, "GET ") {
			n++
		}
	}
	return n
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}
