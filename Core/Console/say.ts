import type { Command } from 'commander'
import { addManagerOptions, command, type ManagerOptions } from './manager'
import { presentProject } from './project'

export function addSay(program: Command): void {
  addManagerOptions(program.command('say'))
    .description('send a text to every public connection of every machine (event serverBroadcast)')
    .argument('<text>', 'what to say')
    .action((text: string, options: ManagerOptions) => say(text, options))
}

/** @throws Error when it could not be sent */
export async function say(text: string, options: ManagerOptions): Promise<void> {
  console.log((await command(presentProject(), options, { method: 'say', say: text })).message)
}
