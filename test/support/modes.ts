/** The modes in which the suites of the kernel run; `APP_MODE=base,process` runs them in both. */
export const MODES = (process.env.APP_MODE ?? 'base').split(',')
