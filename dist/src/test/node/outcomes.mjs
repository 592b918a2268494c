// Asks for each of the models given, which the server takes for its orders, with the retries that the client has.
// Run as: node outcomes.mjs CLIENT WHOLE,STREAMS,... BROKEN,STREAMS,... FAULTS,WITHOUT,STREAM,...
// Prints one JSON object: for each model the text, or a name for the error that the application is told of.
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';

const baseURL = process.env.BASE_URL;
const apiKey = process.env.GROQ_API_KEY;

function openai() {
  const { completions } = new OpenAI({ apiKey, baseURL }).chat;
  const messages = [{ role: 'user', content: 'Hello there' }];
  return {
    async streamed(model) {
      let text = '';
      for await (const chunk of await completions.create({ model, messages, stream: true })) {
        text += chunk.choices[0]?.delta?.content || '';
      }
      return text;
    },
    async plain(model) {
      const completion = await completions.create({ model, messages });
      return completion.choices[0].message.content;
    },
  };
}

/** The AI SDK, which does not throw what happens amid a stream: it is a part of the stream. */
function ai(chat) {
  const prompt = 'Hello there';
  return {
    async streamed(model) {
      const { fullStream } = streamText({ model: chat(model), prompt, onError() {} });
      let text = '';
      for await (const part of fullStream) {
        if (part.type === 'text-delta') text += part.text;
        if (part.type === 'error') throw part.error;
      }
      return text;
    },
    async plain(model) {
      const { text } = await generateText({ model: chat(model), prompt });
      return text;
    },
  };
}

const clients = {
  'openai (npm)': openai,
  '@ai-sdk/openai': () => ai(createOpenAI({ apiKey, baseURL }).chat),
  '@ai-sdk/openai-compatible': () => ai(createOpenAICompatible({ name: 'gateway', apiKey, baseURL })),
};

/** The error's class, or its code if it has none of its own. */
function named(error) {
  const name = error?.constructor?.name;
  if (name === undefined) return `${error}`;
  if (name !== 'Object' && name !== 'String') return name;
  return error.code || error.error?.code || JSON.stringify(error);
}

const results = {};
async function ask(model, asking) {
  try {
    results[model] = { text: await asking(model) };
  } catch (error) {
    results[model] = { error: named(error) };
  }
}

const client = clients[process.argv[2]]();
const [whole, broken, faults] = process.argv.slice(3).map((models) => models.split(','));
await Promise.all(whole.map((model) => ask(model, client.streamed)));
await Promise.all([
  ...broken.map((model) => ask(model, client.streamed)),
  ...faults.map((model) => ask(model, client.plain)),
]);
console.log(JSON.stringify(results));
