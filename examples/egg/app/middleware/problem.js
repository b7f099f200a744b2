// #region login
const { messageFor } = require('passport-jaccount');

// Answers in JSON why a request failed, with the status of the error.
module.exports = () => async (ctx, next) => {
  // The address of the callback holds a code.
  ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  try {
    await next();
  } catch (error) {
    const { status = 500 } = error;
    const [problem = messageFor(error, 'zh')] = ctx.session.messages ?? [];
    delete ctx.session.messages;
    // Not ctx.logger, because it writes the address of the callback.
    if (status >= 500) ctx.app.logger.error(error);
    ctx.status = status;
    ctx.body = { problem, signIn: '/passport/jaccount' };
  }
};
// #endregion
