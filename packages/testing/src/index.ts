export { busyboxImagePath } from "./busybox-image.ts";
export { startEngine, type Engine, type EngineOptions } from "./engine.ts";
export { runProcess, type ProcessOptions, type ProcessResult } from "./run-process.ts";
export { TestingError, type TestingErrorCode } from "./testing-error.ts";
export { runInWorld, sweepStaleWorlds, type RunningWorld, type WorldOptions } from "./world.ts";
export { DriverRig, type RiggedTask, type RigOptions, type TaskWishes } from "./driver-rig.ts";
export { LogReader } from "./log-reader.ts";
export { testSetting } from "./test-setting.ts";
export { until } from "./until.ts";
