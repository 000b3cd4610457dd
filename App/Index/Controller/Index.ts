import { type App, action } from 'mswoole-ts'

export class Index {
  @action()
  index(app: App, data: { fd: number }) {
    app.sendSuccessMessage(data.fd, 'success', '执行完成')
  }
}
