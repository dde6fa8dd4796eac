// Package convert turns other tools' canaries into specs, and specs into theirs, so that adopting gitramp is a step that can be taken back.
//
// An import reads a Rollout of Argo Rollouts, a Canary of Flagger or a plain Deployment, with the Service and the route that belong to it, and answers with a spec,
// its base, and a report that names every field of the other tool's: carried, changed or lost, and why. An export goes the other way.
//
// What it refuses to do: to guess where the input is ambiguous, to leave out a field without saying so, and to let more requests reach the canary than the input
// does. It knows the other tools by their fields alone and reads YAML nodes: their types would be a hundred modules.
package convert

// The formats of other tools.
const (
	argoRollouts  = "argo-rollouts"
	flaggerFormat = "flagger"
)

// Formats are what a spec can be exported as.
func Formats() []string { return []string{argoRollouts, flaggerFormat} }
