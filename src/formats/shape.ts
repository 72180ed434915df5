/**
 * Shapes: what JSON must look like to be a value of a type. One description checks values, and is printed as a JSON Schema; the
 * compiler holds it against the type, so the three can't drift apart.
 */

/** A JSON Schema (draft 2020-12) or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Shape<T> {
  /** Throws ShapeError where the value is not a T. Unknown fields are refused. */
  check(value: unknown, where: string): void;
  readonly schema: Schema;
  /** Never set; ties the shape to its type. */
  readonly of?: T;
}

/** A value that is not what its shape asks for. `where` is a path in the JSON: `entries[3].mode`. */
export class ShapeError extends Error {
  readonly where: string;
  constructor(where: string, expected: string) {
    super(`${where === '' ? 'the document' : where} must be ${expected}`);
    this.where = where;
  }
}

interface Optional<T> {
  readonly optional: Shape<T>;
}

type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Shape<T[K]>;
};

/** A string; `pattern` must match as a whole. Lone surrogates are legal: they stand for bytes that are not UTF-8. */
export function text<T extends string = string>(pattern?: RegExp, description?: string): Shape<T> {
  return {
    check(value, where) {
      if (typeof value !== 'string') throw new ShapeError(where, 'a string');
      if (pattern !== undefined && !pattern.test(value))
        throw new ShapeError(where, description ?? `like ${pattern.source}`);
    },
    schema: {
      type: 'string',
      ...(pattern === undefined ? {} : { pattern: pattern.source }),
      ...(description === undefined ? {} : { description }),
    },
  };
}

/** One of some fixed values. */
export function literal<const T extends string | number | boolean>(...values: readonly T[]): Shape<T> {
  return {
    check(value, where) {
      if (!values.some((allowed) => allowed === value))
        throw new ShapeError(where, values.map((allowed) => JSON.stringify(allowed)).join(' or '));
    },
    schema: values.length === 1 ? { const: values[0] } : { enum: values },
  };
}

/** A whole number in a range that is exact in JSON. */
export function whole(minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return {
    check(value, where) {
      if (
        typeof value !== 'number' ||
        !Number.isSafeInteger(value) ||
        value < minimum ||
        value > maximum ||
        Object.is(value, -0)
      )
        throw new ShapeError(where, `a whole number from ${minimum} to ${maximum}`);
    },
    schema: { type: 'integer', minimum, maximum },
  };
}

export function flag(): Shape<boolean> {
  return {
    check(value, where) {
      if (typeof value !== 'boolean') throw new ShapeError(where, 'true or false');
    },
    schema: { type: 'boolean' },
  };
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    check(value, where) {
      if (value !== null) shape.check(value, where);
    },
    schema: { anyOf: [shape.schema, { type: 'null' }] },
  };
}

export function list<T>(item: Shape<T>, length?: number): Shape<readonly T[]> {
  return {
    check(value, where) {
      if (!Array.isArray(value)) throw new ShapeError(where, 'a list');
      if (length !== undefined && value.length !== length) throw new ShapeError(where, `a list of ${length}`);
      for (const [index, element] of value.entries()) item.check(element, `${where}[${index}]`);
    },
    schema: {
      type: 'array',
      items: item.schema,
      ...(length === undefined ? {} : { minItems: length, maxItems: length }),
    },
  };
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

/** An object with exactly these fields. */
export function fields<T extends object>(shapes: Fields<T>): Shape<T> {
  // the mapped type has lost the union of its two kinds of values
  const known = new Map(Object.entries(shapes as Readonly<Record<string, Shape<unknown> | Optional<unknown>>>));
  const required = [...known].flatMap(([name, shape]) => ('optional' in shape ? [] : [name]));
  return {
    check(value, where) {
      if (!isObject(value)) throw new ShapeError(where, 'an object');
      for (const name of required) if (!Object.hasOwn(value, name)) throw new ShapeError(joined(where, name), 'there');
      for (const [name, field] of Object.entries(value)) {
        const shape = known.get(name);
        if (shape === undefined) throw new ShapeError(joined(where, name), 'left out: no such field is known');
        ('optional' in shape ? shape.optional : shape).check(field, joined(where, name));
      }
    },
    schema: {
      type: 'object',
      properties: Object.fromEntries(
        [...known].map(([name, shape]) => [name, 'optional' in shape ? shape.optional.schema : shape.schema]),
      ),
      required,
      additionalProperties: false,
    },
  };
}

/** A union of objects told apart by the value of `type`. */
export function byType<T extends { readonly type: string }>(shapes: {
  readonly [K in T['type']]: Shape<Extract<T, { readonly type: K }>>;
}): Shape<T> {
  const known = new Map(Object.entries<Shape<unknown>>(shapes));
  return {
    check(value, where) {
      const type = isObject(value) ? value['type'] : undefined;
      const shape = typeof type === 'string' ? known.get(type) : undefined;
      if (shape === undefined) throw new ShapeError(joined(where, 'type'), [...known.keys()].join(' or '));
      shape.check(value, where);
    },
    schema: { oneOf: [...known.values()].map((shape) => shape.schema) },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function joined(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
}
