package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Where a step must not take longer than a person would wait.
const stepLimit = 30 * time.Second

// configure says what the driver manager says to a fresh plugin.
func (l *launched) configure(ctx context.Context, config map[string]any) error {
	answer, err := l.base(ctx, "ConfigSchema", message{})
	if err != nil {
		return fmt.Errorf("ConfigSchema: %w", err)
	}
	packed, err := encodeConfig(child(answer, "spec"), config)
	if err != nil {
		return fmt.Errorf("encode the plugin config: %w", err)
	}
	if _, err := l.base(ctx, "SetConfig", setConfigRequest(packed, true)); err != nil {
		return fmt.Errorf("SetConfig: %w", err)
	}
	if _, err := l.driver(ctx, "Init", message{}); err != nil {
		return fmt.Errorf("Init: %w", err)
	}
	return nil
}

// setConfigRequest carries the part of the agent itself in the real launch alone.
func setConfigRequest(packed []byte, withAgent bool) message {
	request := message{"msgpack_config": packed, "plugin_api_version": "v0.1.0"}
	if !withAgent {
		return request
	}
	core := func(id int) message {
		return message{"core_id": id, "base_speed": 2000, "max_speed": 3000, "guess_speed": 2000}
	}
	request["nomad_config"] = message{"driver": message{
		"ClientMinPort": 14000, "ClientMaxPort": 14512,
		"Topology": message{
			"node_ids": []int{0}, "distances": message{"dimension": 1, "values": []int{10}},
			"cores": []message{core(0), core(1)},
		},
	}}
	return request
}

// startedTask is a task the plugin has started, with its allocation.
type startedTask struct {
	*allocation
	handle message
}

func (h *host) newAllocation() (*allocation, error) {
	a, err := makeAllocation(h.allocRoot)
	if err == nil {
		h.observe.say("allocation", fields{"allocId": a.id})
	}
	return a, err
}

// start encodes the driver config by the plugin's task schema, as the task runner does, and starts the task.
func (l *launched) start(ctx context.Context, config map[string]any) (*startedTask, error) {
	a, err := l.host.newAllocation()
	if err != nil {
		return nil, err
	}
	request, err := l.startRequest(ctx, a, config)
	if err != nil {
		return nil, err
	}
	answer, err := l.driver(ctx, "StartTask", request)
	if err != nil {
		return nil, err
	}
	return &startedTask{allocation: a, handle: child(answer, "handle")}, nil
}

func (l *launched) startRequest(ctx context.Context, a *allocation, config map[string]any) (message, error) {
	answer, err := l.driver(ctx, "TaskConfigSchema", message{})
	if err != nil {
		return nil, fmt.Errorf("TaskConfigSchema: %w", err)
	}
	packed, err := encodeConfig(child(answer, "spec"), config)
	if err != nil {
		return nil, fmt.Errorf("encode the task config: %w", err)
	}
	return message{"task": a.taskConfig(packed)}, nil
}

// shell is the driver config of a task that runs one shell script.
func (h *host) shell(script string) map[string]any {
	return map[string]any{"image": h.image, "command": "sh", "args": []string{"-c", script}}
}

func (l *launched) destroy(ctx context.Context, taskID string) error {
	_, err := l.driver(ctx, "DestroyTask", message{"task_id": taskID, "force": true})
	return err
}

// letGo lets a script go on that waits for the file "go" in its shared data folder.
func (a *allocation) letGo() error {
	return os.WriteFile(filepath.Join(a.dir, "alloc/data/go"), nil, 0o644)
}

// untilSeen waits until the FIFO has brought the text.
func (r *fifoReader) untilSeen(ctx context.Context, text string) error {
	for !bytes.Contains(r.content(), []byte(text)) {
		select {
		case <-r.grew:
		case <-r.ended:
			return fmt.Errorf("%s ended without %q, with %q", r.path, text, r.content())
		case <-ctx.Done():
			return fmt.Errorf("%s did not bring %q but %q", r.path, text, r.content())
		}
	}
	return nil
}

// untilEnded waits until the last writer has closed the FIFO.
func (r *fifoReader) untilEnded(ctx context.Context) bool {
	select {
	case <-r.ended:
		return true
	case <-ctx.Done():
		return false
	}
}
