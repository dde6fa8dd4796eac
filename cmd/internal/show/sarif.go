package show

import (
	"net/url"

	"github.com/gitramp/gitramp/render/lint"
)

// The part of SARIF 2.1.0 (OASIS, sarif-schema-2.1.0.json) that a linter needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string      `json:"id"`
		Short   sarifText   `json:"shortDescription"`
		Full    sarifText   `json:"fullDescription"`
		Help    sarifText   `json:"help"`
		Default sarifConfig `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

func sarifLevel(s lint.Severity) string {
	return map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "note"}[s]
}

// NewSARIF is a report as GitHub's code scanning and others read it. What is ignored is in it, suppressed.
func NewSARIF(r lint.Report, version string) any {
	driver := sarifDriver{Name: "gitramp", Version: version, InformationURI: "https://github.com/gitramp/gitramp"}
	index := map[string]int{}
	for i, c := range lint.Checks {
		index[c.Code] = i
		driver.Rules = append(driver.Rules, sarifRule{c.Code, sarifText{c.Title}, sarifText{c.Why + " Source: " + c.Source + "."}, sarifText{c.Fix}, sarifConfig{sarifLevel(c.Severity)}})
	}
	results := []sarifResult{}
	for _, f := range r.Findings {
		at := sarifPhysical{sarifArtifact{fileURI(f.Path)}, sarifRegion{f.Line, f.Column}}
		result := sarifResult{f.Code, index[f.Code], sarifLevel(f.Severity), sarifText{sentence(f) + " Fix: " + f.Fix}, []sarifLocation{{at}}, nil}
		if f.Ignored != "" {
			result.Suppressions = []sarifSuppression{{"inSource", f.Ignored}}
		}
		results = append(results, result)
	}
	return sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{{sarifTool{driver}, results}}}
}

// fileURI is a relative path as a URI reference.
func fileURI(path string) string { return (&url.URL{Path: path}).EscapedPath() }
