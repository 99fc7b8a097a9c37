import type { Position } from "../value/position.ts";
import type { Expression, ForIntro, TemplatePart } from "./expression.ts";
import { innerExpressions } from "./inner-expressions.ts";

/** A name from outside that an expression needs. */
export interface Reference {
  readonly root: string;
  /** Of `root.name`; undefined where something else follows. */
  readonly name: string | undefined;
  readonly position: Position;
}

type Names = ReadonlySet<string>;

/** All names that an expression needs, in the order of the text; not those that a `for` in it gives. */
export function findReferences(expression: Expression, own: Names = new Set()): readonly Reference[] {
  const inside = (inner: Expression) => findReferences(inner, own);
  switch (expression.kind) {
    case "variable":
      return own.has(expression.name) ? [] : [{ root: expression.name, name: undefined, position: expression.position }];
    case "attribute": {
      const { target, name, position } = expression;
      if (target.kind !== "variable") return inside(target);
      return own.has(target.name) ? [] : [{ root: target.name, name, position }];
    }
    case "template":
      return expression.parts.flatMap((part) => findInPart(part, own));
    case "for-tuple":
    case "for-object": {
      const [collection, ...others] = innerExpressions(expression);
      const names = withIntro(own, expression.intro);
      return [...(collection === undefined ? [] : inside(collection)), ...others.flatMap((inner) => findReferences(inner, names))];
    }
    default:
      return innerExpressions(expression).flatMap(inside);
  }
}

function findInPart(part: TemplatePart, own: Names): readonly Reference[] {
  switch (part.kind) {
    case "text":
      return [];
    case "interpolation":
      return findReferences(part.expression, own);
    case "if":
      return [...findReferences(part.condition, own), ...[...part.then, ...part.otherwise].flatMap((inner) => findInPart(inner, own))];
    case "for": {
      const names = withIntro(own, part.intro);
      return [...findReferences(part.intro.collection, own), ...part.body.flatMap((inner) => findInPart(inner, names))];
    }
  }
}

function withIntro(own: Names, { keyName, valueName }: ForIntro): Names {
  return new Set([...own, valueName, ...(keyName === undefined ? [] : [keyName])]);
}
