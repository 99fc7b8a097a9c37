// The libraries that Nomad itself uses, for record-references.ts: reads a list of questions from stdin as JSON, and
// writes the list of answers to stdout.
package main

import (
	"encoding/json"
	"os"
	"time"

	"github.com/hashicorp/cronexpr"
)

type question struct {
	Cron string `json:"cron"`
	Zone string `json:"zone"`
	From string `json:"from"`
}

type answer struct {
	Times   []string `json:"times,omitempty"`
	Problem string   `json:"problem,omitempty"`
}

const wantedTimes = 6

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, asked := range questions {
		answers = append(answers, answerCron(asked))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}

// As nomad/structs CronParseNext: what panics is a problem as well.
func answerCron(asked question) (found answer) {
	defer func() {
		if recover() != nil {
			found = answer{Problem: "never"}
		}
	}()
	expression, err := cronexpr.Parse(asked.Cron)
	if err != nil {
		return answer{Problem: err.Error()}
	}
	zone, err := time.LoadLocation(asked.Zone)
	if err != nil {
		return answer{Problem: err.Error()}
	}
	from, err := time.Parse(time.RFC3339, asked.From)
	if err != nil {
		panic(err)
	}
	for _, at := range expression.NextN(from.In(zone), wantedTimes) {
		found.Times = append(found.Times, at.UTC().Format(time.RFC3339))
	}
	return found
}
