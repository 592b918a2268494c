curl --location 'localhost:3000/v1/chat/completions' \
--header 'Authorization: Bearer $GROQ_API_KEY' \
--header 'Content-Type: application/json' \
--header 'x-provider: groq' \
--data '{
    "model": "llama-3.2-11b-vision-preview",
    "messages": [
        {
            "role": "user",
            "content": [
                {
                    "type": "text",
                    "text": "What'\''s in this image?"
                },
                {
                    "type": "image_url",
                    "image_url": {
                        "url": "https://upload.wikimedia.org/wikipedia/commons/f/f2/LPU-v1-die.jpg"
                    }
                }
            ]
        }
    ],
    "stream": false,
    "max_tokens": 300
}'
