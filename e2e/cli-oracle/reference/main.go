// The libraries that Nomad itself uses, for record-references.ts: reads questions from stdin as JSON, and writes the
// answers to stdout.
package main

import (
	"encoding/json"
	"os"
)

type questions struct {
	Crons     []cronQuestion     `json:"crons"`
	Templates []templateQuestion `json:"templates"`
	Around    surroundings       `json:"around"`
}

type answers struct {
	Crons     []cronAnswer     `json:"crons"`
	Templates []templateAnswer `json:"templates"`
}

func main() {
	var asked questions
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	var given answers
	for _, question := range asked.Crons {
		given.Crons = append(given.Crons, answerCron(question))
	}
	for _, question := range asked.Templates {
		given.Templates = append(given.Templates, answerTemplate(question, asked.Around))
	}
	if err := json.NewEncoder(os.Stdout).Encode(given); err != nil {
		panic(err)
	}
}
