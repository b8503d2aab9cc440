// Holds our element against OpenAI's declarations. Nothing here runs: it compiles, or the test fails.
import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";
import type { ErrandChat } from "../../../static/chat/element.js";
import type { Details, Options } from "../../../static/chat/types.js";
import type { chatOptions } from "../../../static/page/chat-setup.js";

/** All that OpenAI's element adds to an HTMLElement. */
type Methods = Omit<OpenAIChatKit, keyof HTMLElement>;

declare const ours: ErrandChat;
export const asTheirs: Methods = ours;

/** Whoever has options for their element has options for ours. */
declare const theirOptions: ChatKitOptions;
export const asOurs: Options = theirOptions;

/** The page's own options go to either element. */
declare const pages: ReturnType<typeof chatOptions>;
export const pagesForTheirs: ChatKitOptions = pages;

/** Our events are theirs, with the same details; `deeplink` belongs to their iframe. */
type Ours = { [Name in keyof Details as `chatkit.${Name}`]: CustomEvent<Details[Name]> };
declare const events: Ours;
export const asTheirEvents: Omit<ChatKitEvents, "chatkit.deeplink"> = events;
export const noOthers: keyof ChatKitEvents = "" as keyof Ours;
