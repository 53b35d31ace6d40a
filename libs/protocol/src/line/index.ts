export { addressOf } from './address.ts';
export { agreedFirst, holdTo, mostAnswers, refuseOtherBirth, type Agreed } from './agreed.ts';
export { createCredit, type Credit } from './credit.ts';
export { createInbox, type Arrival, type Inbox } from './inbox.ts';
export { knock } from './knock.ts';
export { openLink, type CoordinatorHandlers, type Link, type LinkDeps } from './link.ts';
export { isStale, passesByItself } from './passing.ts';
export { routeTo } from './route.ts';
export { mayCount, sendAnswer, type Answer } from './send-answer.ts';
