/** The modes in which the suites of the kernel run: both, for both links; `APP_MODE=base` runs them in one. */
export const MODES = (process.env.APP_MODE ?? 'base,process').split(',')
