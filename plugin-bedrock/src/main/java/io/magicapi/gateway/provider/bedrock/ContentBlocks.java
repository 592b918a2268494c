package io.magicapi.gateway.provider.bedrock;

import static io.magicapi.gateway.provider.bedrock.BedrockProvider.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.ProviderException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns the content of OpenAI's messages, a text or a list of parts, into Converse's content blocks. One instance per
 * request, since no two documents of a request may have the same name.
 */
final class ContentBlocks {

    private static final Map<String, String> IMAGES = Map.of(
            "image/png", "png",
            "image/jpeg", "jpeg",
            "image/jpg", "jpeg",
            "image/gif", "gif",
            "image/webp", "webp");

    private static final Map<String, String> DOCUMENTS = Map.of(
            "application/pdf", "pdf",
            "text/csv", "csv",
            "application/msword", "doc",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx",
            "application/vnd.ms-excel", "xls",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx",
            "text/html", "html",
            "text/plain", "txt",
            "text/markdown", "md");

    private static final int LONGEST_NAME = 200;

    private final Set<String> documentNames = new HashSet<>();

    /**
     * Appends the blocks of one content. Texts of nothing but white space are left out, since Converse refuses them.
     *
     * @param content a text, a list of parts, or nothing
     * @param place where it is, for refusals: {@code messages[2].content}
     * @throws ProviderException if a part cannot be mapped
     */
    void append(JsonNode content, String place, ArrayNode blocks) {
        append(content, place, blocks, blocks);
    }

    private void append(JsonNode content, String place, ArrayNode blocks, ArrayNode cachePoints) {
        if (content.isTextual()) {
            appendText(content.textValue(), blocks);
        } else if (content.isArray()) {
            for (int i = 0; i < content.size(); i++) {
                appendPart(content.get(i), place + "[" + i + "]", blocks);
                appendCachePoint(content.get(i), cachePoints);
            }
        } else if (!content.isMissingNode() && !content.isNull()) {
            throw invalid(place + " must be a text or a list of parts", place);
        }
    }

    private static void appendText(String text, ArrayNode blocks) {
        if (!text.isBlank()) {
            blocks.addObject().put("text", text);
        }
    }

    private void appendPart(JsonNode part, String place, ArrayNode blocks) {
        switch (part.path("type").asText()) {
            case "text" -> appendText(part.path("text").asText(), blocks);
            case "refusal" -> appendText(part.path("refusal").asText(), blocks);
            case "image_url" -> appendImage(part.path("image_url").path("url").asText(), place, blocks);
            case "file" -> appendFile(part.path("file"), place, blocks);
            default ->
                throw invalid("Bedrock's Converse API takes texts, images and documents; this part is none", place);
        }
    }

    /** Where a client marks the end of what should be cached, as Anthropic's API has it, Converse has a block for it. */
    static void appendCachePoint(JsonNode part, ArrayNode blocks) {
        JsonNode control = part.path("cache_control");
        if (control.isObject()) {
            ObjectNode point = blocks.addObject().putObject("cachePoint").put("type", "default");
            ConverseRequest.copyText(control, "ttl", point);
        }
    }

    private void appendImage(String url, String place, ArrayNode blocks) {
        DataUri data = DataUri.of(url)
                .orElseThrow(() -> invalid(
                        "Bedrock's Converse API fetches no URLs: send the image itself, as"
                                + " data:image/png;base64,…",
                        place + ".image_url.url"));
        Optional<String> document = Optional.ofNullable(DOCUMENTS.get(data.mediaType()));
        if (document.isPresent()) {
            appendDocument(document.get(), "document", data, blocks);
            return;
        }
        String format = Optional.ofNullable(IMAGES.get(data.mediaType()))
                .orElseThrow(() -> invalid(
                        "Bedrock's Converse API takes images of type png, jpeg, gif and webp",
                        place + ".image_url.url"));
        blocks.addObject()
                .putObject("image")
                .put("format", format)
                .putObject("source")
                .put("bytes", data.base64());
    }

    private void appendFile(JsonNode file, String place, ArrayNode blocks) {
        DataUri data = DataUri.of(file.path("file_data").asText())
                .orElseThrow(() -> invalid(
                        "Bedrock has no files that were uploaded before: send the document itself, as file_data with"
                                + " data:application/pdf;base64,…",
                        place + ".file.file_data"));
        String fileName = file.path("filename").asText("");
        int dot = fileName.lastIndexOf('.');
        String extension = fileName.substring(dot + 1).toLowerCase(Locale.ROOT);
        String format = Optional.ofNullable(DOCUMENTS.get(data.mediaType()))
                .or(() -> Optional.of(extension).filter(DOCUMENTS::containsValue))
                .orElseThrow(() -> invalid(
                        "Bedrock's Converse API takes documents of type pdf, csv, doc, docx, xls, xlsx, html, txt and"
                                + " md",
                        place + ".file.file_data"));
        appendDocument(format, dot < 0 ? fileName : fileName.substring(0, dot), data, blocks);
    }

    private void appendDocument(String format, String name, DataUri data, ArrayNode blocks) {
        blocks.addObject()
                .putObject("document")
                .put("format", format)
                .put("name", documentName(name))
                .putObject("source")
                .put("bytes", data.base64());
    }

    /** Letters, digits, single spaces, dashes, parentheses and brackets are what Converse allows. */
    private String documentName(String wanted) {
        String allowed = wanted.replaceAll("[^A-Za-z0-9()\\[\\]-]+", " ").strip();
        String base = allowed.isEmpty() ? "document" : allowed;
        String name = shortened(base, "");
        for (int i = 2; !documentNames.add(name); i++) {
            name = shortened(base, " " + i);
        }
        return name;
    }

    private static String shortened(String base, String suffix) {
        int most = LONGEST_NAME - suffix.length();
        return (base.length() > most ? base.substring(0, most).strip() : base) + suffix;
    }

    /**
     * {@return the blocks of a tool's result}
     *
     * @param around the blocks the result is one of, and which take its cache points
     */
    ArrayNode ofToolResult(JsonNode content, String place, ArrayNode around) {
        ArrayNode blocks = JsonNodeFactory.instance.arrayNode();
        append(content, place, blocks, around);
        if (blocks.isEmpty()) {
            blocks.addObject().put("text", ""); // a result there must be
        }
        return blocks;
    }
}
