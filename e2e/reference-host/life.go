package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// logGrace is how long logmon still reads after a task's end.
const logGrace = 2 * time.Second

// lifeScript writes to both streams, waits for the host, speaks once more and fails.
const lifeScript = `printf 'first line\n\377\000\376 no newline'; echo 'a remark' >&2; ` +
	`until [ -e "$NOMAD_ALLOC_DIR/data/go" ]; do sleep 0.05; done; echo 'last words' >&2; exit 3`

// life takes one task from the agent's start to the end of the plugin.
func life(ctx context.Context, h *host) error {
	l, err := h.launch()
	if err != nil {
		return err
	}
	if err := introduce(ctx, l); err != nil {
		return err
	}
	events, err := l.open(ctx, "TaskEvents", message{})
	if err != nil {
		return fmt.Errorf("TaskEvents: %w", err)
	}
	go observeEvents(h.observe, events)

	task, err := l.start(ctx, h.shell(lifeScript))
	if err != nil {
		return fmt.Errorf("StartTask: %w", err)
	}
	h.observe.say("started", fields{"taskId": task.taskID, "handle": task.handle})
	defer l.destroyQuietly(task)
	if err := observeRunning(ctx, l, task); err != nil {
		return err
	}
	untilStatsEnd, err := observeStats(ctx, l, task)
	if err != nil {
		return err
	}
	if err := observeEnd(ctx, l, task); err != nil {
		return err
	}
	untilStatsEnd()
	observeDestroy(ctx, l, task)
	l.kill("life")
	return nil
}

// introduce asks what the agent asks before any task.
func introduce(ctx context.Context, l *launched) error {
	info, err := l.base(ctx, "PluginInfo", message{})
	if err != nil {
		return fmt.Errorf("PluginInfo: %w", err)
	}
	l.host.observe.say("plugin-info", info)
	if err := l.configure(ctx, map[string]any{"socket_path": l.host.socket}); err != nil {
		return err
	}
	for _, name := range []string{"TaskConfigSchema", "Capabilities"} {
		answer, err := l.driver(ctx, name, message{})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		l.host.observe.say(name, answer)
	}
	return observeFingerprint(ctx, l)
}

// observeFingerprint leaves the stream open, as the agent does.
func observeFingerprint(ctx context.Context, l *launched) error {
	start := time.Now()
	fingerprints, err := l.open(ctx, "Fingerprint", message{})
	if err != nil {
		return fmt.Errorf("Fingerprint: %w", err)
	}
	first, err := fingerprints.receive()
	if err != nil {
		return fmt.Errorf("Fingerprint: %w", err)
	}
	l.host.observe.say("fingerprint", fields{
		"ms": millisecondsSince(start), "health": first["health"], "description": first["health_description"], "attributes": first["attributes"],
	})
	return nil
}

func observeEvents(observe *observer, events *stream) {
	for {
		event, err := events.receive()
		if err != nil {
			return
		}
		observe.say("event", event)
	}
}

func observeRunning(ctx context.Context, l *launched, task *startedTask) error {
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := errors.Join(task.stdout.untilSeen(step, "no newline"), task.stderr.untilSeen(step, "remark")); err != nil {
		return err
	}
	l.host.observe.say("logs-while-running", fields{"stdout": task.stdout.content(), "stderr": task.stderr.content()})

	inspected, err := l.driver(step, "InspectTask", message{"task_id": task.taskID})
	if err != nil {
		return fmt.Errorf("InspectTask: %w", err)
	}
	l.host.observe.say("inspect-while-running", inspected)

	answer, err := l.driver(step, "ExecTask", message{
		"task_id": task.taskID, "command": []string{"sh", "-c", "echo out; echo err >&2; exit 7"}, "timeout": "10s",
	})
	if err != nil {
		return fmt.Errorf("ExecTask: %w", err)
	}
	l.host.observe.say("exec-task", answer)
	return observeExec(step, l, task)
}

// observeStats tells the first sample. The function it returns waits until the stream ends, which it must do by itself
// when the task is over, and tells how it ended.
func observeStats(ctx context.Context, l *launched, task *startedTask) (func(), error) {
	streaming, cancel := context.WithCancel(ctx)
	start := time.Now()
	stats, err := l.open(streaming, "TaskStats", message{"task_id": task.taskID, "collection_interval": "1s"})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("TaskStats: %w", err)
	}
	first, err := stats.receive()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("TaskStats: %w", err)
	}
	l.host.observe.say("stats", fields{"ms": millisecondsSince(start), "stats": first["stats"]})
	return func() {
		defer cancel()
		late := time.AfterFunc(logGrace, cancel)
		defer late.Stop()
		samples := 1
		for {
			if _, err := stats.receive(); err != nil {
				l.host.observe.say("stats-end", fields{"samples": samples, "end": l.schema.describe(err)})
				return
			}
			samples++
		}
	}, nil
}

// observeExec pipes bytes through cat. The host never half-closes; it says "close" in a message.
func observeExec(ctx context.Context, l *launched, task *startedTask) error {
	opened, err := l.open(ctx, "ExecTaskStreaming", message{"setup": message{"task_id": task.taskID, "command": []string{"cat"}}})
	if err != nil {
		return fmt.Errorf("ExecTaskStreaming: %w", err)
	}
	for _, request := range []message{
		{"stdin": message{"data": []byte("to cat\n")}}, {}, {"stdin": message{"data": []byte{0, 255, 10}}}, {"stdin": message{"close": true}},
	} {
		if err := opened.send(request); err != nil {
			return fmt.Errorf("ExecTaskStreaming, send: %w", err)
		}
	}
	seen, err := collectExec(opened)
	seen["end"] = l.schema.describe(err)
	l.host.observe.say("exec", seen)
	return nil
}

// collectExec reads until the plugin ends the stream; "order" names what came, without the data messages.
func collectExec(opened *stream) (fields, error) {
	output := map[string][]byte{"stdout": {}, "stderr": {}}
	order := []string{}
	var result any
	for {
		answer, err := opened.receive()
		if err != nil {
			return fields{"stdout": output["stdout"], "stderr": output["stderr"], "order": order, "result": result}, err
		}
		for name := range output {
			part := child(answer, name)
			output[name] = append(output[name], bytesOf(part["data"])...)
			if part["close"] == true {
				order = append(order, name+" closed")
			}
		}
		if answer["exited"] == true {
			order = append(order, "exited")
			result = answer["result"]
		}
	}
}

// observeEnd lets the task end with two waiters on it, asks a third time.
func observeEnd(ctx context.Context, l *launched, task *startedTask) error {
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	var waiters sync.WaitGroup
	for _, name := range []string{"first", "second"} {
		waiters.Go(func() { observeWait(step, l, task, name) })
	}
	if err := task.letGo(); err != nil {
		return err
	}
	waiters.Wait()
	observeWait(step, l, task, "late")

	grace, stop := context.WithTimeout(ctx, logGrace)
	defer stop()
	start := time.Now()
	l.host.observe.say("logs", fields{
		"stdoutEnded": task.stdout.untilEnded(grace), "stderrEnded": task.stderr.untilEnded(grace), "ms": millisecondsSince(start),
		"stdout": task.stdout.content(), "stderr": task.stderr.content(),
	})
	inspected, err := l.driver(step, "InspectTask", message{"task_id": task.taskID})
	if err != nil {
		return fmt.Errorf("InspectTask: %w", err)
	}
	l.host.observe.say("inspect-after-exit", inspected)
	return nil
}

func observeDestroy(ctx context.Context, l *launched, task *startedTask) {
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	l.host.observe.say("destroy", l.schema.describe(l.destroy(step, task.taskID)))
	observeWait(step, l, task, "after-destroy")
}

func observeWait(ctx context.Context, l *launched, task *startedTask, waiter string) {
	answer, err := l.driver(ctx, "WaitTask", message{"task_id": task.taskID})
	l.host.observe.say("wait", fields{"waiter": waiter, "answer": answer, "end": l.schema.describe(err)})
}

// destroyQuietly removes what a scenario that broke off has left; after a whole one the task is unknown by now, and
// the answer does not matter.
func (l *launched) destroyQuietly(task *startedTask) {
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	_ = l.destroy(ctx, task.taskID)
}
