"""Knowledge read out of manuals, tickets and chats: candidates, each with its source and confidence."""
