module github.com/gitramp/gitramp/tests/mutants

go 1.26.8
