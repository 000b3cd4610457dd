import type { Command } from 'commander'
import { addManagerOptions, command } from './manager'
import { presentProject } from './project'
import { addWhomOptions, splitWhom, type WhomOptions } from './whom'

interface SayOptions extends WhomOptions {
  readonly dryRun?: boolean
}

export function addSay(program: Command): void {
  addManagerOptions(addWhomOptions(program.command('say')))
    .description('send a text to public connections of every machine (event serverBroadcast); prints how many got it')
    .argument('<text>', 'what to say')
    .option('--dry-run', 'send nothing, only count who would get it')
    .addHelpText(
      'after',
      `
Without --group and --user it is for everybody; each connection gets it exactly once.
Example: console say --group LIVE_USER_ROOM_A '今晚 23 点维护'`,
    )
    .action((text: string, options: SayOptions) => say(text, options))
}

/** @throws Error when it could not be sent */
export async function say(text: string, options: SayOptions): Promise<void> {
  const { whom, rest } = splitWhom(options)
  const { dryRun = false, ...manager } = rest
  console.log((await command(presentProject(), manager, { method: 'say', say: text, dryRun, ...whom })).message)
}
