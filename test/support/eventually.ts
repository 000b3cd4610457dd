/** Repeats a check until it passes, or throws its last failure at the deadline (ms). For what sends no event, such as a key in Redis. */
export async function eventually(check: () => void | Promise<void>, deadlineMs = 20_000): Promise<void> {
  const end = performance.now() + deadlineMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
