import { z } from 'zod'

/** A whole number, as a number or as text; old clients send either. */
export const whole = (max: number) =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,15}$/, '须为整数')
        .transform(Number),
    ])
    .pipe(z.number().int().min(1).max(max))

/** What somebody says. Not every database stores a NUL character. */
export const words = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !text.includes('\0'), '不能包含空字符')

/** Which part of a history is wanted; a longer page than 20 is a page of 20. */
export const paging = z.object({
  page: whole(1_000_000).default(1),
  count: whole(Number.MAX_SAFE_INTEGER)
    .transform((count) => Math.min(count, 20))
    .default(10),
})
