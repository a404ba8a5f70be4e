import { type ArgumentMetadata, BadRequestException, type PipeTransform } from '@nestjs/common';
import type { ZodType, z } from 'zod';

/** Checks a body or a parameter; the answer to a wrong one is a 400 that names the field. */
export class ZodPipe<T> implements PipeTransform<unknown, T> {
  readonly #schema: ZodType<T>;

  constructor(schema: ZodType<T>) {
    this.#schema = schema;
  }

  transform(value: unknown, { data: parameter }: ArgumentMetadata): T {
    const result = this.#schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const field = fieldOf(issue) || parameter || 'body';
    throw new BadRequestException({
      statusCode: 400,
      error: 'Bad Request',
      field,
      message: `${field}: ${issue?.message ?? 'is not valid'}`,
    });
  }
}

function fieldOf(issue: z.core.$ZodIssue | undefined): string | undefined {
  return issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
}
