package main

import (
	"github.com/hashicorp/consul-template/dependency"
	"github.com/hashicorp/consul-template/template"
	"github.com/hashicorp/nomad/api"
)

type templateQuestion struct {
	Text               string `json:"text"`
	Left               string `json:"left"`
	Right              string `json:"right"`
	RefusesMissingKeys bool   `json:"refusesMissingKeys"`
}

type templateAnswer struct {
	Text    string `json:"text"`
	Problem string `json:"problem,omitempty"`
}

type service struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Node       string   `json:"node"`
	Address    string   `json:"address"`
	Port       int      `json:"port"`
	Datacenter string   `json:"datacenter"`
	Tags       []string `json:"tags"`
	JobID      string   `json:"jobId"`
	AllocID    string   `json:"allocId"`
}

type surroundings struct {
	Env       map[string]string            `json:"env"`
	Variables map[string]map[string]string `json:"variables"`
	// Variables that are looked for and are not there.
	Absent []string `json:"absent"`
	// Lists that are looked for: prefix to paths.
	Lists    map[string][]string  `json:"lists"`
	Services map[string][]service `json:"services"`
}

func answerTemplate(asked templateQuestion, around surroundings) templateAnswer {
	parsed, err := template.NewTemplate(&template.NewTemplateInput{
		Contents:         asked.Text,
		LeftDelim:        asked.Left,
		RightDelim:       asked.Right,
		ErrMissingKey:    asked.RefusesMissingKeys,
		FunctionDenylist: []string{"executeTemplate", "plugin", "writeToFile"},
	})
	if err != nil {
		return templateAnswer{Problem: err.Error()}
	}
	env := []string{}
	for name, value := range around.Env {
		env = append(env, name+"="+value)
	}
	result, err := parsed.Execute(&template.ExecuteInput{Brain: fill(around), Env: env})
	if err != nil {
		return templateAnswer{Problem: err.Error()}
	}
	if result.Missing.Len() > 0 {
		return templateAnswer{Problem: "waits for " + result.Missing.String()}
	}
	return templateAnswer{Text: string(result.Output)}
}

func fill(around surroundings) *template.Brain {
	brain := template.NewBrain()
	for path, items := range around.Variables {
		known := dependency.NewNomadVariable(&api.Variable{
			Namespace: "default", Path: path, CreateIndex: 1, ModifyIndex: 1, Items: items,
		}).Items
		blocking := must(dependency.NewNVGetQuery("default", path))
		blocking.EnableBlocking()
		brain.Remember(blocking, &known)
		brain.Remember(must(dependency.NewNVGetQuery("default", path)), &known)
	}
	for prefix, paths := range around.Lists {
		metas := []*dependency.NomadVarMeta{}
		for _, path := range paths {
			metas = append(metas, &dependency.NomadVarMeta{Namespace: "default", Path: path, CreateIndex: 1, ModifyIndex: 1})
		}
		brain.Remember(must(dependency.NewNVListQuery("default", prefix)), metas)
	}
	for _, path := range around.Absent {
		brain.Remember(must(dependency.NewNVGetQuery("default", path)), nil)
	}
	snippets := []*dependency.NomadServicesSnippet{}
	for name, list := range around.Services {
		found := []*dependency.NomadService{}
		for _, one := range list {
			found = append(found, &dependency.NomadService{
				ID: one.ID, Name: one.Name, Node: one.Node, Address: one.Address, Port: one.Port,
				Datacenter: one.Datacenter, Tags: one.Tags, JobID: one.JobID, AllocID: one.AllocID,
			})
		}
		brain.Remember(must(dependency.NewNomadServiceQuery(name)), found)
		if len(list) > 0 {
			snippets = append(snippets, &dependency.NomadServicesSnippet{Name: name, Tags: list[0].Tags})
		}
	}
	brain.Remember(must(dependency.NewNomadServicesQuery("")), snippets)
	return brain
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
