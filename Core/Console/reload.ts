import type { Command } from 'commander'
import type { Project } from '../Project'
import { takeTurn } from '../Supervisor/Runtime'
import { Build } from './Build'
import { addManagerOptions, command, type ManagerOptions } from './manager'
import { Progress } from './progress'
import { presentProject } from './project'

interface ReloadOptions extends ManagerOptions {
  readonly build?: boolean
}

export function addReload(program: Command): void {
  addManagerOptions(program.command('reload'))
    .description('bring what is in dist/ in: no connection closes; code that does not load changes nothing')
    .option('--build', "compile first, by the project's own TypeScript and tsconfig.json")
    .addHelpText(
      'after',
      `
Returns when no old code runs any more: calls that are under way end in the old code (at most setting.max_wait_time).
Of two at once the second one waits. Code that does not compile or load: file, line, error and exit code 1; dist/ and the
server stay as they are. Ports, setting.reactor_num and the framework itself change by a restart only.`,
    )
    .action((options: ReloadOptions) => reload(options))
}

/** @throws Error with file, line and error when the new code does not compile or load */
export async function reload({ build, ...options }: ReloadOptions): Promise<void> {
  const project = presentProject()
  const progress = new Progress()
  try {
    const message = await (build ? buildAndLoad(project, options, progress) : load(project, options, progress))
    progress.clear()
    console.log(message)
  } finally {
    progress.clear()
  }
}

async function load(project: Project, options: ManagerOptions, progress: Progress): Promise<string> {
  return (await command(project, options, { method: 'reload' }, (step) => progress.step(step))).message
}

async function buildAndLoad(project: Project, options: ManagerOptions, progress: Progress): Promise<string> {
  await command(project, options, { method: 'status' }) // who is not there needs no new code
  const build = new Build(project.folder)
  const leave = await takeTurn(project.runtime, 'build.pid', (pid) => {
    progress.step(`another build (pid ${pid}) is under way; this one waits`)
  })
  try {
    progress.step('compiling')
    await build.compile()
    const { undo, drop } = build.swap()
    try {
      const message = await load(project, options, progress)
      drop()
      return message
    } catch (error) {
      undo()
      throw error
    }
  } finally {
    build.remove()
    leave()
  }
}
