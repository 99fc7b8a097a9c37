// Command reference-host drives a Nomad driver plugin through HashiCorp's own go-plugin and grpc-go, and prints
// what it sees as JSON lines. It holds no generated code: the messages come from a descriptor set.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// A scenario outlives no test run: whatever hangs ends with an observation and exit code 1.
const scenarioLimit = 3 * time.Minute

var scenarios = map[string]func(context.Context, *host) error{
	"life":     life,
	"launches": launches,
	"cancels":  cancels,
	"errors":   failures,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "reference-host:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("reference-host", flag.ContinueOnError)
	pluginPath := flags.String("plugin", "", "path of the plugin's executable")
	descriptors := flags.String("descriptors", "", "path of a protobuf descriptor set that holds the plugin's services")
	socket := flags.String("socket", "", "address of Podman's socket, such as unix:///run/podman/podman.sock")
	image := flags.String("image", "", "image of the tasks; needs sh and cat")
	allocDir := flags.String("alloc-dir", "", "folder for allocation directories")
	if err := flags.Parse(args); err != nil {
		return err
	}
	scenario := scenarios[flags.Arg(0)]
	if scenario == nil || flags.NArg() != 1 {
		return errors.New("usage: reference-host --plugin PATH --descriptors FILE --socket ADDRESS --image IMAGE --alloc-dir DIR " +
			"life|launches|cancels|errors")
	}
	required := map[string]string{
		"plugin": *pluginPath, "descriptors": *descriptors, "socket": *socket, "image": *image, "alloc-dir": *allocDir,
	}
	for name, value := range required {
		if strings.TrimSpace(value) == "" {
			return fmt.Errorf("--%s is missing", name)
		}
	}
	schema, err := loadSchema(*descriptors)
	if err != nil {
		return err
	}

	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(interrupted, scenarioLimit, fmt.Errorf("the scenario took longer than %v", scenarioLimit))
	defer cancel()

	h := newHost(hostOptions{pluginPath: *pluginPath, socket: *socket, image: *image, allocRoot: *allocDir}, schema)
	defer h.killAll()
	if err := scenario(ctx, h); err != nil {
		// What ended the context says more than "context canceled".
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}
