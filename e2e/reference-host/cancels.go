package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/connectivity"
)

const (
	stormSize  = 2000
	stormWidth = 16
)

// cancelScript runs until it is told to stop, and then ends with a code of its own.
const cancelScript = `trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done`

// cancels opens and cancels many calls on one connection. A connection lost to that would end every task, so one
// long WaitTask watches over it.
func cancels(ctx context.Context, h *host) error {
	l, err := h.launch()
	if err != nil {
		return err
	}
	if err := l.configure(ctx, map[string]any{"socket_path": h.socket}); err != nil {
		return err
	}
	task, err := l.start(ctx, h.shell(cancelScript))
	if err != nil {
		return fmt.Errorf("StartTask: %w", err)
	}
	defer l.destroyQuietly(task)
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := task.stdout.untilSeen(step, "ready"); err != nil {
		return err
	}

	connectionChanged := l.watchConnection(ctx)
	waiter := make(chan struct{})
	go func() {
		defer close(waiter)
		observeWait(ctx, l, task, "long")
	}()
	if err := observeStorm(ctx, l, task, waiter); err != nil {
		return err
	}
	if err := observeAfterStorm(ctx, l, task); err != nil {
		return err
	}
	h.observe.say("connection", fields{"changes": connectionChanged()})
	return endAfterStorm(ctx, l, task, waiter)
}

func observeStorm(ctx context.Context, l *launched, task *startedTask, waiter <-chan struct{}) error {
	rssAnonBeforeKb := l.rssAnonKb()
	start := time.Now()
	unexpected := l.storm(ctx, task.taskID)
	waiterSurvived := true
	select {
	case <-waiter:
		waiterSurvived = false
	default:
	}
	l.host.observe.say("storm", fields{
		"calls": stormSize, "ms": millisecondsSince(start), "unexpected": unexpected, "waiterSurvived": waiterSurvived,
		"rssAnonBeforeKb": rssAnonBeforeKb, "rssAnonAfterKb": l.rssAnonKb(),
	})
	return ctx.Err()
}

// storm answers how its calls ended that were neither cancelled nor OK; without any the list is empty.
func (l *launched) storm(ctx context.Context, taskID string) []string {
	var mu sync.Mutex
	unexpected := []string{}
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range stormWidth {
		workers.Go(func() {
			for number := range numbers {
				if err := l.openAndCancel(ctx, taskID, number); err != nil {
					mu.Lock()
					unexpected = append(unexpected, err.Error())
					mu.Unlock()
				}
			}
		})
	}
	for number := range stormSize {
		numbers <- number
	}
	close(numbers)
	workers.Wait()
	return unexpected
}

// openAndCancel takes in turn: WaitTask, TaskStats cancelled at once, WaitTask, TaskStats cancelled at its first sample.
func (l *launched) openAndCancel(ctx context.Context, taskID string, number int) error {
	calling, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if number%2 == 0 {
		_, err := l.open(calling, "WaitTask", message{"task_id": taskID})
		return err
	}
	stats, err := l.open(calling, "TaskStats", message{"task_id": taskID, "collection_interval": "1s"})
	if err != nil || number%4 == 1 {
		return err
	}
	_, err = stats.receive()
	return err
}

func observeAfterStorm(ctx context.Context, l *launched, task *startedTask) error {
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	start := time.Now()
	_, infoErr := l.base(step, "PluginInfo", message{})
	infoMs := millisecondsSince(start)
	stats, err := l.open(step, "TaskStats", message{"task_id": task.taskID, "collection_interval": "1s"})
	if err == nil {
		_, err = stats.receive()
	}
	after := fields{"pluginInfo": l.schema.describe(infoErr), "pluginInfoMs": infoMs, "stats": l.schema.describe(err)}
	l.host.observe.say("after-storm", after)
	return errors.Join(infoErr, err)
}

func endAfterStorm(ctx context.Context, l *launched, task *startedTask, waiter <-chan struct{}) error {
	step, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	start := time.Now()
	_, err := l.driver(step, "StopTask", message{"task_id": task.taskID, "timeout": "10s", "signal": "SIGTERM"})
	l.host.observe.say("stop", fields{"end": l.schema.describe(err), "ms": millisecondsSince(start)})
	select {
	case <-waiter:
	case <-step.Done():
		return errors.New("the long WaitTask was not answered after StopTask")
	}
	l.host.observe.say("destroy", l.schema.describe(l.destroy(step, task.taskID)))
	l.kill("cancels")
	return nil
}

// watchConnection answers, when asked, which states the connection took after "ready".
func (l *launched) watchConnection(ctx context.Context) func() []string {
	watching, cancel := context.WithCancel(ctx)
	changes := []string{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		state := connectivity.Ready
		for l.conn.WaitForStateChange(watching, state) {
			state = l.conn.GetState()
			changes = append(changes, state.String())
		}
	}()
	return func() []string {
		cancel()
		<-done
		return changes
	}
}

// rssAnonKb is the plugin's anonymous memory; 0 when it cannot be read.
func (l *launched) rssAnonKb() int {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(l.pid()) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, found := strings.CutPrefix(line, "RssAnon:"); found {
			kb, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kb
		}
	}
	return 0
}
