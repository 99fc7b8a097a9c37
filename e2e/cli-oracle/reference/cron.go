package main

import (
	"time"

	"github.com/hashicorp/cronexpr"
)

type cronQuestion struct {
	Cron string `json:"cron"`
	Zone string `json:"zone"`
	From string `json:"from"`
}

type cronAnswer struct {
	Times   []string `json:"times,omitempty"`
	Problem string   `json:"problem,omitempty"`
}

const wantedTimes = 6

// As nomad/structs CronParseNext: what panics is a problem as well.
func answerCron(asked cronQuestion) (found cronAnswer) {
	defer func() {
		if recover() != nil {
			found = cronAnswer{Problem: "never"}
		}
	}()
	expression, err := cronexpr.Parse(asked.Cron)
	if err != nil {
		return cronAnswer{Problem: err.Error()}
	}
	zone, err := time.LoadLocation(asked.Zone)
	if err != nil {
		return cronAnswer{Problem: err.Error()}
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
