package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What was said, read from the messages of a chat request or the items of a responses request.
 *
 * @param said what is to be said back: the last message, or the tool results that end the conversation
 * @param answersTools whether it ends with tool results
 * @param tokens how many tokens all of it has
 */
record Conversation(String said, boolean answersTools, int tokens) {

    private static final int TOKENS_OF_AN_IMAGE = 85;

    static Conversation of(JsonNode messages) {
        int tokens = 0;
        String said = "";
        List<String> results = new ArrayList<>();
        for (JsonNode message : messages) {
            Content content = Content.of(message.has("content") ? message.path("content") : message.path("output"));
            tokens += content.tokens();
            if (isToolResult(message)) {
                results.add(content.text());
            } else {
                results.clear();
                if (message.path("role").asText("user").equals("user") || said.isEmpty()) {
                    said = content.described();
                }
            }
        }
        return results.isEmpty()
                ? new Conversation(said, false, tokens)
                : new Conversation("The tool answered: " + String.join(" ", results), true, tokens);
    }

    private static boolean isToolResult(JsonNode message) {
        return message.path("role").asText().equals("tool")
                || message.path("type").asText().equals("function_call_output");
    }

    /** One message's content: a string, or parts of several kinds. */
    private record Content(String text, int images, int others) {

        static Content of(JsonNode content) {
            if (!content.isArray()) {
                return new Content(content.asText(""), 0, 0);
            }
            List<String> texts = new ArrayList<>();
            int images = 0;
            int others = 0;
            for (JsonNode part : content) {
                switch (part.path("type").asText()) {
                    case "text", "input_text", "output_text" ->
                        texts.add(part.path("text").asText());
                    case "image_url", "input_image" -> images++;
                    default -> others++;
                }
            }
            return new Content(String.join(" ", texts), images, others);
        }

        int tokens() {
            return Words.of(text).size() + images * TOKENS_OF_AN_IMAGE;
        }

        String described() {
            List<String> seen = new ArrayList<>();
            if (images > 0) {
                seen.add(images == 1 ? "1 image" : images + " images");
            }
            if (others > 0) {
                seen.add(others == 1 ? "1 other part" : others + " other parts");
            }
            if (seen.isEmpty()) {
                return text;
            }
            String attachments = "[" + String.join(", ", seen) + "]";
            return text.isEmpty() ? attachments : attachments + " " + text;
        }
    }
}
