package pulls

import (
	"strings"
	"testing"
)

// agit are hooks that do with refs/for what Gitea does (services/agit): each topic is a pull request whose head is refs/pull/N/head, and the same commit again is
// refused.
const (
	agitBefore = `#!/bin/sh
while read -r old new ref; do
	case $ref in refs/for/*) git for-each-ref --format='%(objectname)' refs/pull | grep -q "^$new" && { echo 'new commit is same with old commit'; exit 1; } ;; esac
done
exit 0
`
	agitAfter = `#!/bin/sh
unset GIT_QUARANTINE_PATH
i=0 topic= title= description=
while [ "$i" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do
	eval "o=\$GIT_PUSH_OPTION_$i"
	case $o in topic=*) topic=${o#topic=} ;; title=*) title=${o#title=} ;; description=*) description=${o#description=} ;; esac
	i=$((i+1))
done
while read -r old new ref; do
	case $ref in refs/for/*)
		number=$(git config "agit.$topic.number") || { number=$(($(git for-each-ref refs/pull | wc -l) + 1)); git config "agit.$topic.number" "$number"; }
		git update-ref "refs/pull/$number/head" "$new"
		git update-ref -d "$ref"
		echo "$number ${ref#refs/for/} $topic: $title: $description" >>"$RECORD" ;;
	esac
done
`
)

// TestGitea runs the step by which a pull request is opened by AGit.
func TestGitea(t *testing.T) {
	need(t, "jq", "git", "bash")
	s := newSite(t)
	s.write("hub.git/hooks/pre-receive", agitBefore)
	s.write("hub.git/hooks/post-receive", agitAfter)
	steps := read[workflow](t, "docs/pipelines/gitea/gitramp.yml").Jobs["propose"].Steps
	propose := func() string {
		t.Helper()
		s.write("record", "")
		s.bash(s.job(), named(t, steps, "propose"), "RECORD="+s.at("record"))
		return s.text("record")
	}
	first := propose()
	branch := s.proposals()
	if first != "1 main "+branch+": web/shop: prepare shop:2.4.0 (step 1/7): The canary's pods start. No request reaches them yet.\n" {
		t.Errorf("the push says %s", first)
	}
	if again := propose(); again != "" {
		t.Errorf("nothing has moved, and this is pushed: %s", again)
	}
	job := s.job()
	s.run(job, "git", "fetch", "-q", "origin", "refs/pull/1/head")
	s.run(job, "git", "checkout", "-q", "--detach", "FETCH_HEAD")
	check := named(t, read[workflow](t, "docs/pipelines/gitea/gitramp-verify.yml").Jobs["verify"].Steps, "verify")
	s.bash(job, check, "BASE=main")
	s.merge("merge", branch)
	if second := propose(); !strings.HasPrefix(second, "2 main gitramp/web.shop/") || !strings.Contains(second, "/step-2: web/shop: shift to 20% (step 2/7): ") {
		t.Errorf("the push says %s", second)
	}
}
