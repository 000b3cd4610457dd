/** What the supervisor has counted since the start: plain numbers that only grow. */
export const supervisorCounts = {
  reloads: { ok: 0, failed: 0 },
  restarts: { ok: 0, failed: 0 },
  workersReplaced: { died: 0, stalled: 0, worn: 0 },
  gatewaysReplaced: 0,
}
