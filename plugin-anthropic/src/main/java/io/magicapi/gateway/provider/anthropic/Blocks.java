package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/** Turns what a message says into content blocks: text, images, documents. */
final class Blocks {

    private static final String DATA = "data:";
    private static final String BASE64 = ";base64";
    private static final String PDF = "application/pdf";

    private Blocks() {}

    /**
     * Adds the blocks of a message. Blank text is none: Anthropic refuses it, and it says nothing.
     *
     * @param content a string, an array of parts, or nothing
     * @param at where it stands in the request, for errors
     * @throws io.magicapi.gateway.api.ProviderException if Claude could not read some part
     */
    static void add(JsonNode content, String at, ArrayNode blocks) {
        if (content.isTextual()) {
            addText(content, JsonNodeFactory.instance.objectNode(), blocks);
        } else if (content.isArray()) {
            for (int i = 0; i < content.size(); i++) {
                addPart(content.get(i), at + "[" + i + "]", blocks);
            }
        } else if (!content.isNull() && !content.isMissingNode()) {
            throw MessagesRequest.invalid(at, "must be a string or an array of parts");
        }
    }

    private static void addPart(JsonNode part, String at, ArrayNode blocks) {
        switch (part.path("type").asText()) {
            case "text" -> addText(part.path("text"), part, blocks);
            case "refusal" -> addText(part.path("refusal"), part, blocks);
            case "image_url" -> addBlock(image(part.path("image_url"), at + ".image_url"), part, blocks);
            case "file" -> addBlock(document(part.path("file"), at + ".file"), part, blocks);
            default -> throw MessagesRequest.invalid(at, "is of a type that Claude cannot read");
        }
    }

    private static void addText(JsonNode text, JsonNode part, ArrayNode blocks) {
        if (!text.asText().isBlank()) {
            ObjectNode block = JsonNodeFactory.instance.objectNode().put("type", "text");
            block.set("text", text);
            addBlock(block, part, blocks);
        }
    }

    private static void addBlock(ObjectNode block, JsonNode part, ArrayNode blocks) {
        if (part.hasNonNull("cache_control")) {
            block.set("cache_control", part.get("cache_control"));
        }
        blocks.add(block);
    }

    private static ObjectNode image(JsonNode image, String at) {
        String url = image.isTextual() ? image.textValue() : image.path("url").asText();
        if (isData(url)) {
            return data(url, at + ".url");
        }
        if (!url.startsWith("https://") && !url.startsWith("http://")) {
            throw MessagesRequest.invalid(at + ".url", "is neither a web address nor data");
        }
        return block("image", source("url").put("url", url));
    }

    private static ObjectNode document(JsonNode file, String at) {
        ObjectNode block;
        if (file.hasNonNull("file_id")) {
            block = block(
                    "document",
                    source("file").put("file_id", file.get("file_id").asText()));
        } else if (isData(file.path("file_data").asText())) {
            block = data(file.path("file_data").asText(), at + ".file_data");
        } else {
            throw MessagesRequest.invalid(at, "has neither file_id nor file_data of the form data:…;base64,…");
        }
        if (file.hasNonNull("filename") && block.path("type").asText().equals("document")) {
            block.set("title", file.get("filename"));
        }
        return block;
    }

    private static boolean isData(String url) {
        return url.regionMatches(true, 0, DATA, 0, DATA.length());
    }

    /** {@return the block for a data URL (RFC 2397)} */
    private static ObjectNode data(String url, String at) {
        int comma = url.indexOf(',');
        String head = comma < 0 ? "" : url.substring(DATA.length(), comma).toLowerCase(Locale.ROOT);
        if (!head.endsWith(BASE64)) {
            throw MessagesRequest.invalid(at, "is not of the form data:<type>;base64,<data>");
        }
        String type = head.substring(0, head.indexOf(';'));
        String data = url.substring(comma + 1);
        if (type.equals("text/plain")) {
            return block("document", source("text").put("media_type", type).put("data", decoded(data, at)));
        }
        boolean image = type.startsWith("image/");
        if (!image && !type.equals(PDF)) {
            throw MessagesRequest.invalid(at, "is neither an image nor a PDF nor plain text");
        }
        return block(
                image ? "image" : "document",
                source("base64").put("media_type", type).put("data", data));
    }

    private static String decoded(String data, String at) {
        try {
            return new String(Base64.getDecoder().decode(data), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw MessagesRequest.invalid(at, "is not valid base64");
        }
    }

    private static ObjectNode block(String type, ObjectNode source) {
        ObjectNode block = JsonNodeFactory.instance.objectNode().put("type", type);
        block.set("source", source);
        return block;
    }

    private static ObjectNode source(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }
}
