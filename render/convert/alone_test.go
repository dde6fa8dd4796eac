package convert

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
)

// other is an app of its own, of a name and in a namespace.
func other(name, namespace string) string {
	text := strings.NewReplacer("app: shop", "app: "+name, "{name: shop,", "{name: "+name+",").Replace("---" + deploymentInput + serviceInput + ingressInput)
	if namespace != "" {
		text = strings.ReplaceAll(text, "metadata: {name: NAME}", "metadata: {name: NAME, namespace: "+namespace+"}")
	}
	return strings.ReplaceAll(text, "NAME", name)
}

// TestOneApp: another app among the files would be committed and pruned along, and so it is refused, whatever is converted.
func TestOneApp(t *testing.T) {
	for _, p := range peers {
		_, err := Import([]File{{"in.yaml", p.text()}, {"other.yaml", []byte(other("search", ""))}})
		want := "other.yaml:4:18: metadata.name: there are two apps: " + p.kind + "/shop, Deployment/search: allowed one app at a time: the files of one of them"
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", p.name, err, want)
		}
		_, err = Import([]File{{"in.yaml", p.text()}, {"other.yaml", []byte(other("search", "find"))}})
		for _, line := range []string{want[len("other.yaml:4:18: "):], `metadata.namespace: value "find" is invalid: allowed none, like ` + p.kind + "/shop: one app at a time"} {
			if err == nil || !strings.Contains(err.Error(), line) {
				t.Errorf("%s: %v, want %s", p.name, err, line)
			}
		}
	}
}

// TestWorkers: what a base has beside the app, such as a Deployment of workers, is in an export, and so it comes back.
func TestWorkers(t *testing.T) {
	im, err := Import(tutorial(t))
	if err != nil {
		t.Fatal(err)
	}
	im.Spec = []byte(strings.Replace(string(im.Spec), "names:\n", "names:\n      prod: {deployment: canary-demo}\n", 1))
	im.Base = append(im.Base, render.File{Path: "worker.yaml", Data: []byte(strings.NewReplacer("NAME", "worker", "app: shop", "app: worker").Replace(deploymentInput))},
		render.File{Path: "role.yaml", Data: []byte("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: kube-system}\n")})
	for i, f := range im.Base {
		if f.Path == render.KustomizationFile {
			im.Base[i].Data = append(f.Data, "- worker.yaml\n- role.yaml\n"...)
		}
	}
	for _, as := range Formats() {
		out, err := again(im, as)
		if err != nil {
			t.Fatal(err)
		}
		text, err := out.YAML()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Import([]File{{"exported.yaml", text}})
		if err != nil {
			t.Fatalf("as %s: %v", as, err)
		}
		if _, _, err := specOf(back); err != nil || len(back.Base) != len(im.Base) {
			t.Errorf("as %s: %v\n%s", as, err, back.Spec)
		}
	}
}

// TestStrangers: what the app has something to do with, by name or selector and in either direction, is its own; the rest is named.
func TestStrangers(t *testing.T) {
	const object = "---\napiVersion: example.com/v1\n"
	own := strings.Join([]string{strings.Replace(deploymentInput, "spec: {containers", "spec: {serviceAccountName: sa, volumes: [{name: data, persistentVolumeClaim: {claimName: data}}], containers", 1), serviceInput, ingressInput,
		"---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n",
		"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n",
		object + "kind: RoleBinding\nmetadata: {name: binding}\nroleRef: {kind: Role, name: role}\nsubjects: [{kind: ServiceAccount, name: sa}]\n",
		object + "kind: Role\nmetadata: {name: role}\n",
		object + "kind: PodDisruptionBudget\nmetadata: {name: pdb}\nspec: {selector: {matchLabels: {app: shop}}}\n",
		object + "kind: NetworkPolicy\nmetadata: {name: policy}\nspec: {podSelector: {matchLabels: {app: shop}}}\n",
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: metrics}\nspec: {selector: {app: shop, tier: metrics}}\n",
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: headless}\nspec: {clusterIP: None, ports: [{port: 8080}], selector: {role: x}}\n",
		object + "kind: Policy\nmetadata: {name: limits}\nspec: {targetRef: {kind: Ingress, name: NAME}}\n",
		"---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: headless-db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}}}\n",
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: headless-db}\nspec: {selector: {app: db}}\n",
	}, "")
	a, err := load([]File{{"in.yaml", []byte(strings.ReplaceAll(own, "NAME", "shop"))}})
	if err != nil {
		t.Fatal(err)
	}
	want := "no name and no selector leads from Deployment/shop to Service/metrics, Service/headless, StatefulSet/db, Service/headless-db: what is in its base is committed and pruned with it"
	if !slices.ContainsFunc(a.report, func(f Field) bool { return f.Note == want && f.Name() == "base resources" && f.Outcome == Changed }) {
		t.Errorf("the report does not say\n%s\nbut %v", want, a.report)
	}
}

// TestFromTheCluster: what the API server writes is one line for each object, and the hash in a selector, which has a meaning, one more.
func TestFromTheCluster(t *testing.T) {
	live := strings.Replace(string(peers[0].text()), "kind: Service\nmetadata: {name: shop}\nspec: {selector: {app: shop}",
		"kind: Service\nstatus: {loadBalancer: {}}\nmetadata: {name: shop, uid: a, resourceVersion: '1', annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}}\nspec: {selector: {app: shop, rollouts-pod-template-hash: a}", 1)
	a, err := load([]File{{"in.yaml", []byte(live)}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range a.report {
		if f.Object == "Service/shop" {
			got = append(got, f.Name()+": "+f.Note)
		}
	}
	want := []string{"Service/shop status and metadata: the cluster writes these 4 fields, and what counts is in git: status, uid, resourceVersion, kubectl.kubernetes.io/last-applied-configuration",
		"Service/shop spec.selector.rollouts-pod-template-hash: the cluster writes it: what counts is in git"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
