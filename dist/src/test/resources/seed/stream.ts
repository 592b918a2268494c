const stream = await client.chat.completions.create({
  model: "mixtral-8x7b-32768",
  messages: [{ role: "user", content: "Hello!" }],
  stream: true
});

for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content || '');
}
