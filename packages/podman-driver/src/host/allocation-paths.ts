import { realpathSync } from "node:fs";
import { messageOf } from "@driver/std";
import { settleOrAbort } from "../settle-or-abort.ts";
import { findBar, foldersTo, type BarredFolder, type ClosedPath } from "./closed-paths.ts";
import { findOnWay, type EngineOwner } from "./engine-owner.ts";
import { addPasser, keepsOut, toPassCommand, type AclOptions } from "./folder-acl.ts";

/** What came of opening one folder to an engine's owner. */
export interface Passage {
  readonly folder: ClosedPath;
  /** Why he still may not pass; undefined: he may. */
  readonly problem?: string;
  /** With a problem: the command that lets him, and gives nobody else a right. */
  readonly cure?: string;
}

export interface PassageOptions extends AclOptions {
  readonly signal: AbortSignal;
  /** Hears of each folder that was shut. */
  tell(passage: Passage): void;
}

/** So many answers of getfacl are kept; they are few, for a folder above all allocations each. */
const mostKnown = 1000;

/**
 * Lets the users of rootless engines pass the folders on the way to allocations. One for all starts: an ACL is read, changed and
 * written, so that two at a time could undo each other's change.
 */
export class AllocationPaths {
  #last: Promise<void> = Promise.resolve();
  /** Users and folders of theirs that need no second look. */
  readonly #passable = new Set<string>();

  /**
   * Opens what keeps an engine's owner from an allocation's folder: each folder from the root down to this, and those on the real
   * way where a part of it is a link. It ends with the first that stays shut. Where nothing is shut it costs a look at each. An
   * engine of root's or of the plugin's own user needs none of this. Rejects with the signal's reason.
   */
  async open(allocDir: string, owner: EngineOwner, options: PassageOptions): Promise<void> {
    if (owner.uid === 0 || owner.uid === process.getuid?.()) return;
    if (findFolders(allocDir).every((folder) => this.#findBar(folder, owner) === undefined)) return;
    const turn = this.#last.then(() => this.#openAll(allocDir, owner, options));
    this.#last = turn.catch(() => undefined);
    await settleOrAbort(turn, options.signal);
  }

  /** Has the ACLs looked at again, as after a start that failed. */
  forget(): void {
    this.#passable.clear();
  }

  async #openAll(allocDir: string, owner: EngineOwner, options: PassageOptions): Promise<void> {
    for (const folder of findFolders(allocDir)) {
      options.signal.throwIfAborted();
      const bar = this.#findBar(folder, owner);
      if (bar === undefined) continue;
      if (await isShut(bar, owner, options)) {
        const problem = findStranger(allocDir) ?? (await letPass(bar, owner, options));
        if (problem !== undefined) return options.tell({ folder: bar, problem, cure: await toPassCommand(bar, owner.uid, options) });
        options.tell({ folder: bar });
      }
      this.#note(findBar(folder, owner), owner);
    }
  }

  /** Undefined: nothing, as far as is known. A folder that cannot be looked at is left to Podman's own words. */
  #findBar(folder: string, owner: EngineOwner): BarredFolder | undefined {
    const bar = orUndefined(() => findBar(folder, owner));
    return bar !== undefined && this.#passable.has(toKey(bar, owner)) ? undefined : bar;
  }

  #note(bar: BarredFolder | undefined, owner: EngineOwner): void {
    if (bar === undefined) return;
    if (this.#passable.size >= mostKnown) this.forget();
    this.#passable.add(toKey(bar, owner));
  }
}

function toKey({ identity }: BarredFolder, { uid }: EngineOwner): string {
  return `${uid} ${identity}`;
}

/** Those on the way as it is written, and those on the way that its links make of it. */
function findFolders(allocDir: string): readonly string[] {
  const realPath = orUndefined(() => realpathSync(allocDir)) ?? allocDir;
  return [...new Set([...foldersTo(allocDir), ...foldersTo(realPath)])];
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

async function isShut(bar: BarredFolder, owner: EngineOwner, options: AclOptions): Promise<boolean> {
  return bar.isClosed || (await keepsOut(bar, owner.uid, options));
}

/** Settles with what was in the way; undefined: nothing. */
async function letPass(bar: BarredFolder, owner: EngineOwner, options: AclOptions): Promise<string | undefined> {
  const problem = await addPasser(bar, owner.uid, options);
  if (problem !== undefined) return problem;
  const now = orUndefined(() => findBar(bar.path, owner));
  return now !== undefined && (await isShut(now, owner, options)) ? "setfacl has changed nothing" : undefined;
}

const writableByGroup = 0o020;
const writableByOthers = 0o002;
/** Names in such a folder are their owners' alone to change. */
const sticky = 0o1000;

/** Who else could lead the way to an allocation through another folder meanwhile, in words. */
function findStranger(allocDir: string): string | undefined {
  const [trusted, groups] = [[0, process.getuid?.() ?? 0], [0, process.getgid?.() ?? 0]];
  try {
    return findOnWay(allocDir, (part, stats) => {
      if (!trusted.includes(stats.uid)) return `user ${stats.uid} owns a part of the way to ${allocDir}`;
      if (!stats.isDirectory() || (stats.mode & sticky) !== 0) return undefined;
      if ((stats.mode & writableByOthers) !== 0) return `everybody may write in ${part}`;
      if ((stats.mode & writableByGroup) !== 0 && !groups.includes(stats.gid)) return `group ${stats.gid} may write in ${part}`;
      return undefined;
    });
  } catch (error) {
    return messageOf(error);
  }
}
