package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"google.golang.org/protobuf/types/known/emptypb"
)

// A long-running script for calls on a task that must stay unharmed.
const idleScript = `trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done`

// failures collects how the plugin refuses: code, text, and the recoverable mark.
func failures(ctx context.Context, h *host) error {
	l, err := h.launch()
	if err != nil {
		return err
	}
	if err := l.configure(ctx, map[string]any{"socket_path": h.socket}); err != nil {
		return err
	}
	for _, observe := range []func(context.Context, *launched) error{failUnknownCalls, failUnknownTasks, failStarts, failOnRunningTask} {
		if err := observe(ctx, l); err != nil {
			return err
		}
	}
	l.kill("errors")
	return failWithoutPodman(ctx, h)
}

func (l *launched) sayFailure(name string, err error) {
	l.host.observe.say("failure", fields{"of": name, "end": l.schema.describe(err)})
}

// failUnknownCalls asks for methods of the future; grpc-go must hear "unimplemented", which Nomad tolerates.
func failUnknownCalls(ctx context.Context, l *launched) error {
	for _, call := range []struct{ name, path string }{
		{"unknown method", "/" + driverService + "/MethodOfTheFuture"},
		{"unknown service", "/hashicorp.nomad.plugins.future.proto.Service/Method"},
	} {
		l.sayFailure(call.name, l.conn.Invoke(ctx, call.path, &emptypb.Empty{}, &emptypb.Empty{}))
	}
	return nil
}

func failUnknownTasks(ctx context.Context, l *launched) error {
	const id = "no/such/task"
	for _, call := range []struct {
		name    string
		request message
	}{
		{"WaitTask", message{"task_id": id}},
		{"InspectTask", message{"task_id": id}},
		{"DestroyTask", message{"task_id": id, "force": true}},
		{"SignalTask", message{"task_id": id, "signal": "SIGHUP"}},
		{"ExecTask", message{"task_id": id, "command": []string{"true"}}},
	} {
		_, err := l.driver(ctx, call.name, call.request)
		l.sayFailure(call.name+" of an unknown task", err)
	}
	return nil
}

func failStarts(ctx context.Context, l *launched) error {
	undecodable, err := l.host.newAllocation()
	if err != nil {
		return err
	}
	_, err = l.driver(ctx, "StartTask", message{"task": undecodable.taskConfig([]byte{0xc1})})
	l.sayFailure("undecodable config", err)

	for _, mistake := range []struct {
		name, key string
		value     any
	}{
		{"empty image", "image", ""},
		{"wrong value", "network_mode", "sideways"},
		{"missing image", "image", "localhost/reference-host-has-no-such-image:1"},
		{"missing command", "command", "/no/such/command"},
		{"wrong entrypoint", "entrypoint", map[string]any{"key": "value"}},
	} {
		config := l.host.shell(idleScript)
		config[mistake.key] = mistake.value
		task, err := l.start(ctx, config)
		l.sayFailure(mistake.name, err)
		if err == nil {
			l.destroyQuietly(task)
		}
	}
	return nil
}

// failOnRunningTask makes mistakes on a task that goes on.
func failOnRunningTask(ctx context.Context, l *launched) error {
	task, err := l.start(ctx, l.host.shell(idleScript))
	if err != nil {
		return fmt.Errorf("StartTask: %w", err)
	}
	defer l.destroyQuietly(task)
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := task.stdout.untilSeen(step, "ready"); err != nil {
		return err
	}

	again, err := l.startRequest(step, task.allocation, l.host.shell(idleScript))
	if err != nil {
		return err
	}
	_, err = l.driver(step, "StartTask", again)
	l.sayFailure("second start", err)
	_, err = l.driver(step, "DestroyTask", message{"task_id": task.taskID, "force": false})
	l.sayFailure("destroy without force", err)
	_, err = l.driver(step, "SignalTask", message{"task_id": task.taskID, "signal": "SIGNONSENSE"})
	l.sayFailure("unknown signal", err)
	exec, err := l.open(step, "ExecTaskStreaming", message{"stdin": message{"data": []byte("no setup")}})
	if err == nil {
		_, err = exec.receive()
	}
	l.sayFailure("exec without setup", err)

	inspected, err := l.driver(step, "InspectTask", message{"task_id": task.taskID})
	if err != nil {
		return fmt.Errorf("InspectTask: %w", err)
	}
	l.host.observe.say("inspect-after-failures", inspected)
	return nil
}

// failWithoutPodman starts a task while nobody listens on Podman's socket.
func failWithoutPodman(ctx context.Context, h *host) error {
	l, err := h.launch()
	if err != nil {
		return err
	}
	absent := "unix://" + filepath.Join(h.allocRoot, "absent.sock")
	if err := l.configure(ctx, map[string]any{"socket_path": absent}); err != nil {
		return err
	}
	if err := observeFingerprint(ctx, l); err != nil {
		return err
	}
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	_, err = l.start(step, h.shell(idleScript))
	if err == nil {
		return errors.New("a task was started without Podman")
	}
	l.sayFailure("no podman", err)
	l.kill("no-podman")
	return nil
}
