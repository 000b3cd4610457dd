import { type Answer, Answers } from '../../Resp'
import type { CommandTable, Context } from '../Command'

export const pubSubCommands: CommandTable = {
  SUBSCRIBE: {
    arity: -2,
    isForSubscribers: true,
    isTopLevel: true,
    run: (context, channels) =>
      forEach(context, 'subscribe', channels, (channel) => {
        context.session.channels.add(channel)
        context.bus.subscribe(channel, context.session.subscriber)
      }),
  },
  PSUBSCRIBE: {
    arity: -2,
    isForSubscribers: true,
    isTopLevel: true,
    run: (context, patterns) =>
      forEach(context, 'psubscribe', patterns, (pattern) => {
        context.session.patterns.add(pattern)
        context.bus.subscribePattern(pattern, context.session.subscriber)
      }),
  },
  UNSUBSCRIBE: {
    arity: -1,
    isForSubscribers: true,
    isTopLevel: true,
    run: (context, channels) =>
      forEach(context, 'unsubscribe', allIfNone(channels, context.session.channels), (channel) => {
        context.session.channels.delete(channel)
        context.bus.unsubscribe(channel, context.session.subscriber)
      }),
  },
  PUNSUBSCRIBE: {
    arity: -1,
    isForSubscribers: true,
    isTopLevel: true,
    run: (context, patterns) =>
      forEach(context, 'punsubscribe', allIfNone(patterns, context.session.patterns), (pattern) => {
        context.session.patterns.delete(pattern)
        context.bus.unsubscribePattern(pattern, context.session.subscriber)
      }),
  },
  PUBLISH: { arity: 3, run: ({ bus }, [channel = '', message = '']) => bus.publish(channel, message) },
}

/** Each name has its own answer, with the number of subscriptions that the client has then. */
function forEach(context: Context, kind: string, names: readonly string[], change: (name: string) => void): Answer {
  const answers = names.map((name): Answer => {
    change(name)
    return [kind, name, context.session.subscriptions]
  })
  return new Answers(answers.length > 0 ? answers : [[kind, null, context.session.subscriptions]])
}

function allIfNone(names: readonly string[], subscribed: ReadonlySet<string>): readonly string[] {
  return names.length > 0 ? names : [...subscribed]
}
