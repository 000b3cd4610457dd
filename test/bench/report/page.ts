export const page = (..._: unknown[]) => ''
