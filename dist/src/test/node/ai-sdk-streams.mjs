// Reads a stream of each of the names given, which the server takes for its orders, with the AI SDK.
// Prints one JSON object: for each name the text, or the error that the application is told of.
import { createOpenAI } from '@ai-sdk/openai';
import { streamText } from 'ai';

const groq = createOpenAI({
  apiKey: process.env.GROQ_API_KEY,
  baseURL: process.env.BASE_URL,
  headers: { 'x-provider': 'groq' },
});

const results = {};
for (const name of process.argv[2].split(',')) {
  let text = '';
  let error;
  try {
    const { fullStream } = streamText({
      model: groq.chat(name),
      prompt: 'Hello there',
      maxRetries: 0,
      onError() {},
    });
    for await (const part of fullStream) {
      if (part.type === 'text-delta') text += part.text;
      if (part.type === 'error') error = String(part.error);
    }
  } catch (thrown) {
    error = String(thrown);
  }
  results[name] = error === undefined ? { text } : { error };
}
console.log(JSON.stringify({ value: results }));
